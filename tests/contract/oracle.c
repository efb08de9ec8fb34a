/* Knows who has the GIL: an extension whose threads take it and let it go in known ways and write down when.

   Runs are written by whoever has the GIL, which is their lock. */

#include <Python.h>
#include <time.h>

#define MOST (1 << 20)

typedef struct {
    unsigned long thread;
    long long start, end;
} Run;

static Run runs[MOST];
static Py_ssize_t count;

static long long
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
spin(long long ns)
{
    long long until = now() + ns;
    while (now() < until) {
    }
}

static void
mine(long long start)
{
    if (count < MOST) {
        runs[count++] = (Run){PyThread_get_thread_native_id(), start, start};
    }
}

/* cycle(hold, away, busy, until): has the GIL for `hold` ns, is without it for `away` ns, asleep or busy, and so on. */
static PyObject *
cycle(PyObject *self, PyObject *args)
{
    long long hold, away, until;
    int busy;
    if (!PyArg_ParseTuple(args, "LLpL", &hold, &away, &busy, &until)) {
        return NULL;
    }
    while (now() < until) {
        mine(now());
        spin(hold);
        runs[count - 1].end = now();
        Py_BEGIN_ALLOW_THREADS
        if (busy) {
            spin(away);
        }
        else {
            struct timespec t = {away / 1000000000, away % 1000000000};
            clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
        }
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

/* mark(): the calling thread has the GIL now, and had it since its last mark if nobody else has made one. */
static PyObject *
mark(PyObject *self, PyObject *args)
{
    long long t = now();
    if (!count || runs[count - 1].thread != PyThread_get_thread_native_id()) {
        mine(t);
    }
    runs[count - 1].end = t;
    return PyLong_FromLongLong(t);
}

/* told(): every run so far, as (thread, start, end). */
static PyObject *
told(PyObject *self, PyObject *args)
{
    PyObject *list = PyList_New(0);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *run = Py_BuildValue("(kLL)", runs[i].thread, runs[i].start, runs[i].end);
        if (run == NULL || PyList_Append(list, run) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(run);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"cycle", cycle, METH_VARARGS, NULL},
    {"mark", mark, METH_NOARGS, NULL},
    {"told", told, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "oracle", NULL, -1, methods};

PyMODINIT_FUNC
PyInit_oracle(void)
{
    return PyModule_Create(&module);
}
