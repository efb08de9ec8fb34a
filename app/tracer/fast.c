/* The tracer's hot paths in C: the same records as log.py, lanes.py, places.py, locks.py and tasks.py write without it.
 *
 * Records: docs/trace-format.md. With the GIL, what follows between two calls into Python is one act, so that a slot, the
 * time and four stores need no lock. Without it every thread has a segment of its own.
 *
 * In place of functions of log.py, lanes.py and places.py: segment, emit, emit_text, current, waiting, running, act, level,
 * job, known, of, user, place, kind.
 * Bases for classes of log.py, locks.py and tasks.py: Cell, Lock, RLock, Home, TaskLane; and lanes.here.
 * For log.py: attach(descriptor, bytes of the log, segments, word at which they begin) gives the log's memory, begin(process index, word that counts what is lost). For all: use(name=object), see py_use.
 * For tasks.py: call_soon, a method for the event loop's class.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <structmember.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* What threads read while another may replace it, see py_use. */
#ifdef Py_GIL_DISABLED
#define SHARED _Atomic
#else
#define SHARED
#endif

/* wire.py's words */
enum { RECORDS = 1, TEXTS = 2 };
enum { HINT = 5, TABLE = 4096 / 8, ENTRY_WORDS = 32 / 8 };
enum { STATE = 2, STEP = 3, HOLD = 6, LEVEL = 7, ACT = 8, JOB = 15 };
enum { RUNNING = 2, READY = 3, WAITING = 4, LIMITED = 32, CANCEL = 4, BEGAN = 4 };
enum { SLOT_WORDS = 4, SEGMENT_WORDS = 64 * 1024 / 8, MAX_TEXT = 4000, BIN = (64 + 16 * 240) / 8 };

#if PY_VERSION_HEX >= 0x030C0000
#define SAVE_ERROR PyObject *error = PyErr_GetRaisedException()
#define RESTORE_ERROR PyErr_SetRaisedException(error)
#else
#define SAVE_ERROR PyObject *error, *error_value, *error_tb; PyErr_Fetch(&error, &error_value, &error_tb)
#define RESTORE_ERROR PyErr_Restore(error, error_value, error_tb)
#endif

/* -- the log -------------------------------------------------------------------------------------------------------- */

static uint64_t nowhere[BIN + 8];
static uint64_t *words = nowhere;
static uint64_t lost = BIN + 4;
static uint64_t process, segments, first; /* this process's index; the segments, and the word at which they begin */
static int file = -1;
static bool full;

/* Where records and texts are written: segments begun. With the GIL it is one for all, without it each thread has one. */
typedef struct Room { uint64_t at, end, texts, texts_end; struct Room *next; } Room;

#ifdef Py_GIL_DISABLED
static _Thread_local Room own;
static _Thread_local bool owns;
static Room *left_over; /* of threads that have ended */
static pthread_mutex_t leaving = PTHREAD_MUTEX_INITIALIZER, claiming = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t ending;

static void leave_room(void *room) {
    Room *left = malloc(sizeof *left);
    if (!left) return;
    *left = *(Room *)room;
    memset(&own, 0, sizeof own); /* what still runs in this thread, as a destructor of another's, begins again */
    owns = false;
    pthread_mutex_lock(&leaving);
    left->next = left_over;
    left_over = left;
    pthread_mutex_unlock(&leaving);
}

static Room *here_room(void) {
    if (!owns) {
        owns = true;
        pthread_setspecific(ending, &own);
        pthread_mutex_lock(&leaving);
        Room *left = left_over;
        if (left) left_over = left->next;
        pthread_mutex_unlock(&leaving);
        if (left) own = *left;
        free(left);
    }
    return &own;
}

/* In the only thread of a process that begins: what its parent had begun is its parent's. */
static bool begin_rooms(void) {
    static bool keyed;
    left_over = NULL;
    pthread_mutex_init(&leaving, NULL);
    pthread_mutex_init(&claiming, NULL);
    memset(&own, 0, sizeof own);
    return keyed || (keyed = !pthread_key_create(&ending, leave_room));
}

/* Record locks are a process's: they keep its threads from each other as little as the one who asks twice. */
static void begin_claim(void) { pthread_mutex_lock(&claiming); }

static void end_claim(void) { pthread_mutex_unlock(&claiming); }
#else
static Room only;

static Room *here_room(void) { return &only; }

static bool begin_rooms(void) {
    memset(&only, 0, sizeof only);
    return true;
}

static void begin_claim(void) {}

static void end_claim(void) {}
#endif

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void put(uint64_t at, uint64_t head, uint64_t t, uint64_t arg, uint64_t who) {
    words[at + 1] = t;
    words[at + 2] = arg;
    words[at + 3] = who;
    __atomic_store_n(&words[at], head, __ATOMIC_RELEASE);
}

/* As log._segment: claim a segment; the word it begins at, 0 when the log is full. No other thread runs meanwhile, not
 * even where the caller holds a lock: they would all have to wait for it, one after another, from then on. */
static uint64_t claim(uint64_t kind) {
    uint64_t start = 0;
    begin_claim();
    for (uint64_t k = 0, hint = words[HINT]; k < segments && !full; k++) {
        uint64_t i = (hint + k) % segments, at = TABLE + i * ENTRY_WORDS;
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)at * 8, .l_len = ENTRY_WORDS * 8};
        if (words[at]) continue;
        if (fcntl(file, F_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES)) continue;
        if (!words[at]) {
            start = first + i * SEGMENT_WORDS;
            put(at, process, (uint32_t)getpid() | (uint64_t)PyThread_get_thread_native_id() << 32, now(), kind);
            words[HINT] = i + 1;
        }
        lock.l_type = F_UNLCK;
        fcntl(file, F_SETLK, &lock);
        if (start) break;
    }
    full = !start;
    end_claim();
    return start;
}

/* The word at which a free slot begins; the bin, and one more is lost, when the log is full. Take it before the time. */
static uint64_t slot(void) {
    Room *room = here_room();
    if (room->at == room->end) {
        uint64_t start = claim(RECORDS);
        if (!start) {
            __atomic_fetch_add(&words[lost], 1, __ATOMIC_RELAXED);
            return BIN;
        }
        room->at = start;
        room->end = start + SEGMENT_WORDS;
    }
    uint64_t at = room->at;
    room->at += SLOT_WORDS;
    return at;
}

/* A cell says what is open now: its first word, the time, is written last and cleared first. */
static void open_cell(uint64_t at, uint64_t t, uint64_t what) {
    __atomic_store_n(&words[at], 0, __ATOMIC_RELEASE);
    words[at + 1] = what;
    __atomic_store_n(&words[at], t, __ATOMIC_RELEASE);
}

static void close_cell(uint64_t at) { __atomic_store_n(&words[at], 0, __ATOMIC_RELEASE); }

/* Whole numbers from the arguments: those that are not given stay as they are. False, with an error, if one is none. */
static bool numbers(PyObject *const *args, Py_ssize_t given, uint64_t *into, Py_ssize_t least, Py_ssize_t most) {
    if (given < least || given > most) {
        PyErr_Format(PyExc_TypeError, "%zd to %zd arguments, not %zd", least, most, given);
        return false;
    }
    for (Py_ssize_t i = 0; i < given; i++) {
        into[i] = PyLong_AsUnsignedLongLongMask(args[i]);
        if (into[i] == (uint64_t)-1 && PyErr_Occurred()) return false;
    }
    return true;
}

static PyObject *py_segment(PyObject *Py_UNUSED(module), PyObject *what) {
    unsigned long long of = PyLong_AsUnsignedLongLong(what);
    return PyErr_Occurred() ? NULL : PyLong_FromUnsignedLongLong(claim(of));
}

static PyObject *py_emit(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t n[7] = {0}; /* kind, flags, obj, t, arg, lane, place */
    if (!numbers(args, given, n, 6, 7)) return NULL;
    put(slot(), n[0] | n[1] << 8 | n[2] << 32, n[3], n[4], n[5] | n[6] << 32);
    Py_RETURN_NONE;
}

static PyObject *py_emit_text(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t n[7] = {0}; /* kind, flags, obj, t, arg, lane, place; and then the text */
    if (!numbers(args, given - 1, n, 7, 7)) return NULL;
    PyObject *text = args[7], *encoded = NULL;
    const char *data;
    Py_ssize_t size;
    if (PyUnicode_Check(text) && PyUnicode_IS_COMPACT_ASCII(text)) {
        data = PyUnicode_DATA(text);
        size = PyUnicode_GET_LENGTH(text);
    } else {
        /* Not PyUnicode_AsUTF8, which would keep what it made in the program's own string. */
        encoded = PyUnicode_AsEncodedString(text, "utf-8", "replace");
        if (!encoded) return NULL;
        data = PyBytes_AS_STRING(encoded);
        size = PyBytes_GET_SIZE(encoded);
    }
    if (size > MAX_TEXT) {
        size = MAX_TEXT;
        while ((data[size] & 0xC0) == 0x80) size--;
    }
    Room *room = here_room();
    uint64_t need = SLOT_WORDS * (1 + ((uint64_t)size + 31) / 32), at = 0;
    while (!at) {
        if (room->texts_end - room->texts >= need) {
            at = room->texts;
            room->texts += need;
        } else {
            uint64_t start = claim(TEXTS);
            if (!start) break;
            room->texts = start;
            room->texts_end = start + SEGMENT_WORDS;
        }
    }
    if (at) {
        memcpy(&words[at + SLOT_WORDS], data, (size_t)size);
        put(at, n[0] | n[1] << 8 | (uint64_t)size << 16 | n[2] << 32, n[3], n[4], n[5] | n[6] << 32);
    } else {
        __atomic_fetch_add(&words[lost], 1, __ATOMIC_RELAXED);
    }
    Py_XDECREF(encoded);
    Py_RETURN_NONE;
}

/* -- lanes ---------------------------------------------------------------------------------------------------------- */

static _Thread_local struct { uint32_t lane, thread, waits, cause, on, place, limited; } here;
static PyObject *SHARED appear; /* lanes._appear, see py_use */

static uint32_t acting(void) {
    if (!here.lane && appear) {
        SAVE_ERROR;
        PyObject *lane = PyObject_CallNoArgs(appear);
        if (!lane) PyErr_Clear();
        Py_XDECREF(lane);
        RESTORE_ERROR;
    }
    return here.lane;
}

static uint32_t *field(void *which) {
    uint32_t *fields[] = {&here.lane, &here.thread, &here.waits, &here.cause, &here.on, &here.place, &here.limited};
    return fields[(uintptr_t)which];
}

static PyObject *here_get(PyObject *Py_UNUSED(self), void *which) { return PyLong_FromUnsignedLong(*field(which)); }

static int here_set(PyObject *Py_UNUSED(self), PyObject *value, void *which) {
    unsigned long long number = value ? PyLong_AsUnsignedLongLongMask(value) : 0;
    if (PyErr_Occurred()) return -1;
    *field(which) = (uint32_t)number;
    return 0;
}

static PyGetSetDef here_fields[] = {
    {"lane", here_get, here_set, NULL, (void *)0},
    {"thread", here_get, here_set, NULL, (void *)1},
    {"waits", here_get, here_set, NULL, (void *)2},
    {"cause", here_get, here_set, NULL, (void *)3},
    {"on", here_get, here_set, NULL, (void *)4},
    {"place", here_get, here_set, NULL, (void *)5},
    {"limited", here_get, here_set, NULL, (void *)6},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot here_slots[] = {{Py_tp_getset, here_fields}, {0, NULL}};
static PyType_Spec here_spec = {"interleave_tracer.fast.Here", 0, 0, Py_TPFLAGS_DEFAULT, here_slots};

static PyObject *py_current(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    return PyLong_FromUnsignedLong(acting());
}

/* One state of the acting lane, and the same of its thread while a task acts in it. */
static void both(uint64_t head, uint64_t where) {
    uint32_t lane = acting(), thread = here.thread;
    uint64_t first = slot(), second = lane == thread ? 0 : slot(), t = now();
    put(first, head, t, 0, lane | where << 32);
    if (second) put(second, head, t, 0, thread | where << 32);
}

static PyObject *py_waiting(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t n[3] = {0}; /* on, place, limited */
    if (!numbers(args, given, n, 1, 3)) return NULL;
    if (++here.waits == 1) {
        here.on = (uint32_t)n[0];
        here.place = (uint32_t)n[1];
        here.limited = n[2] != 0;
        both(STATE | (WAITING | (n[2] ? LIMITED : 0)) << 8 | n[0] << 32, n[1]);
    }
    Py_RETURN_NONE;
}

static PyObject *py_running(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t where = 0;
    if (!numbers(args, given, &where, 0, 1)) return NULL;
    if (here.waits > 1) {
        here.waits--;
    } else {
        here.waits = 0;
        both(STATE | RUNNING << 8, where);
    }
    Py_RETURN_NONE;
}

static PyObject *py_act(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t n[5] = {0}; /* what, on, t, place, nth */
    if (!numbers(args, given, n, 3, 5)) return NULL;
    uint32_t lane = acting();
    if (here.cause && lane == here.thread) lane = here.cause;
    put(slot(), ACT | n[0] << 8 | n[1] << 32, n[2], n[4], lane | n[3] << 32);
    Py_RETURN_NONE;
}

static PyObject *py_level(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t n[3] = {0}; /* on, t, value */
    if (!numbers(args, given, n, 3, 3)) return NULL;
    uint32_t lane = acting();
    put(slot(), LEVEL | n[0] << 32, n[1], (int64_t)n[2] > 0 ? n[2] : 0, lane);
    Py_RETURN_NONE;
}

static PyObject *py_job(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    uint64_t n[5] = {0}; /* what, executor, number, t, place */
    if (!numbers(args, given, n, 3, 5)) return NULL;
    uint32_t lane = acting();
    if (n[0] == BEGAN) here.waits = 0;
    else if (n[0] < BEGAN && here.cause && lane == here.thread) lane = here.cause;
    uint64_t at = slot();
    put(at, JOB | n[0] << 8 | n[1] << 32, n[3] ? n[3] : now(), n[2], lane | n[4] << 32);
    Py_RETURN_NONE;
}

static PyObject *item_of(PyObject *dictionary, PyObject *key) {
    PyObject *found = NULL;
#if PY_VERSION_HEX >= 0x030D0000
    PyDict_GetItemRef(dictionary, key, &found);
#else
    found = Py_XNewRef(PyDict_GetItemWithError(dictionary, key));
#endif
    if (!found) PyErr_Clear();
    return found;
}

/* What a dictionary has by this object's address: a new reference, or NULL without an error. */
static PyObject *by_id(PyObject *dictionary, void *object) {
    PyObject *key = PyLong_FromVoidPtr(object), *found = NULL;
    if (key && dictionary) found = item_of(dictionary, key);
    Py_XDECREF(key);
    return found;
}

/* -- places --------------------------------------------------------------------------------------------------------- */

enum { LIBRARY = 0, PROGRAM = 2 };
static PyObject *SHARED kinds, *SHARED places, *SHARED start, *SHARED kind, *SHARED find_place; /* places.py's, see py_use */

/* Whose code it is; -1 with an error. */
static long kind_of(PyObject *code) {
    PyObject *found = by_id(kinds, code);
    long whose = -1;
    if (found && PyTuple_Check(found)) {
        whose = PyLong_AsLong(PyTuple_GET_ITEM(found, 0));
    } else {
        Py_XSETREF(found, PyObject_CallOneArg(kind, code));
        if (found) whose = PyLong_AsLong(found);
    }
    Py_XDECREF(found);
    return whose;
}

static PyObject *py_kind(PyObject *Py_UNUSED(module), PyObject *code) {
    long whose = kind_of(code);
    return whose < 0 ? NULL : PyLong_FromLong(whose);
}

/* The innermost frame at or above this one, but below `end`, that is not a library's, and whose it is: a new reference or NULL. */
static PyFrameObject *outside(PyObject *frame, PyObject *end, long *whose) {
    PyFrameObject *at = frame && PyFrame_Check(frame) ? (PyFrameObject *)Py_NewRef(frame) : NULL;
    while (at && (PyObject *)at != end) {
        PyCodeObject *code = PyFrame_GetCode(at);
        *whose = kind_of((PyObject *)code);
        Py_DECREF(code);
        if (*whose != LIBRARY) break;
        PyFrameObject *back = PyFrame_GetBack(at);
        Py_DECREF(at);
        at = back;
    }
    if (at && ((PyObject *)at == end || *whose < 0)) Py_CLEAR(at);
    return at;
}

static PyObject *py_user(PyObject *Py_UNUSED(module), PyObject *frame) {
    long whose = 0;
    PyObject *found = (PyObject *)outside(frame, NULL, &whose);
    return found || PyErr_Occurred() ? found : Py_NewRef(Py_None);
}

static PyObject *py_place(PyObject *Py_UNUSED(module), PyObject *frame) {
    long whose = 0;
    PyObject *found = NULL;
    PyFrameObject *at = outside(frame, start, &whose);
    if (!at) return PyErr_Occurred() ? NULL : PyLong_FromLong(0);
    if (whose == PROGRAM) {
        PyCodeObject *code = PyFrame_GetCode(at);
        PyObject *id = PyLong_FromVoidPtr(code), *last = PyLong_FromLong(PyFrame_GetLasti(at));
        PyObject *key = id && last ? PyTuple_Pack(2, id, last) : NULL;
        if (key && places) found = item_of(places, key);
        Py_XDECREF(key);
        Py_XDECREF(last);
        Py_XDECREF(id);
        Py_DECREF(code);
    }
    Py_DECREF(at);
    return found || PyErr_Occurred() ? found : PyObject_CallOneArg(find_place, frame);
}

/* -- resources ------------------------------------------------------------------------------------------------------ */

static PyObject *SHARED resources, *SHARED declared_of; /* lanes.py's, see py_use */
static PyObject *tries_name;

/* What is known of an object, a new reference; NULL without an error if that is nothing. */
static PyObject *resource_of(PyObject *thing) {
    PyObject *entry = by_id(resources, thing), *found = NULL;
    if (entry && PyTuple_Check(entry) && PyTuple_GET_SIZE(entry) == 2) found = Py_NewRef(PyTuple_GET_ITEM(entry, 1));
    Py_XDECREF(entry);
    return found;
}

static PyObject *py_known(PyObject *Py_UNUSED(module), PyObject *thing) {
    PyObject *found = resource_of(thing);
    return found ? found : Py_NewRef(Py_None);
}

static PyObject *py_of(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given, PyObject *names) {
    PyObject *found = given ? resource_of(args[0]) : NULL;
    if (found) {
        PyObject *tries = PyObject_GetAttr(found, tries_name);
        long left = tries ? PyLong_AsLong(tries) : 1;
        Py_XDECREF(tries);
        if (!left) return found;
        PyErr_Clear();
        Py_DECREF(found);
    }
    return PyObject_Vectorcall(declared_of, args, given, names);
}

/* -- cells ---------------------------------------------------------------------------------------------------------- */

typedef struct { PyObject_HEAD uint64_t at; } Cell;
static PyTypeObject *cell_type;

/* Whether it is of a class that is made of `base`; the one class of ours that is needs to be looked through only once. */
static bool is_a(PyObject *thing, PyTypeObject *base, PyTypeObject **seen) {
    if (!thing) return false;
    if (Py_TYPE(thing) == __atomic_load_n(seen, __ATOMIC_RELAXED)) return true;
    if (!PyObject_TypeCheck(thing, base)) return false;
    __atomic_store_n(seen, Py_TYPE(thing), __ATOMIC_RELAXED);
    return true;
}

static uint64_t cell_at(PyObject *cell) {
    static PyTypeObject *seen;
    return is_a(cell, cell_type, &seen) ? ((Cell *)cell)->at : BIN;
}

static PyObject *cell_open(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    uint64_t n[3] = {0}; /* t, lane, obj */
    if (!numbers(args, given, n, 2, 3)) return NULL;
    open_cell(((Cell *)self)->at, n[0], n[1] | n[2] << 32);
    Py_RETURN_NONE;
}

static PyObject *cell_close(PyObject *self, PyObject *Py_UNUSED(none)) {
    close_cell(((Cell *)self)->at);
    Py_RETURN_NONE;
}

static PyMethodDef cell_methods[] = {
    {"open", (PyCFunction)(void (*)(void))cell_open, METH_FASTCALL, NULL},
    {"close", cell_close, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMemberDef cell_members[] = {{"at", T_ULONGLONG, offsetof(Cell, at), 0, NULL}, {NULL, 0, 0, 0, NULL}};
static PyType_Slot cell_slots[] = {{Py_tp_methods, cell_methods}, {Py_tp_members, cell_members}, {0, NULL}};
static PyType_Spec cell_spec = {
    "interleave_tracer.fast.Cell", sizeof(Cell), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, cell_slots};

/* -- locks ---------------------------------------------------------------------------------------------------------- */

/* A method of the interpreter's own types, called without the way through its descriptor where its kind is known. */
typedef struct { PyObject *descriptor; PyCFunction call; int flags; } Method;

static PyObject *unwilling; /* (False,): acquire without waiting */
static Method plain_release, rlock_acquire, rlock_release, rlock_owned;

static bool find(Method *method, PyTypeObject *type, const char *name) {
    method->descriptor = PyObject_GetAttrString((PyObject *)type, name);
    if (!method->descriptor) return false;
    if (Py_IS_TYPE(method->descriptor, &PyMethodDescr_Type)) {
        PyMethodDef *definition = ((PyMethodDescrObject *)method->descriptor)->d_method;
        method->call = definition->ml_meth;
        method->flags = definition->ml_flags;
    }
    return true;
}

static PyObject *call(Method *method, PyObject *self) {
    return method->flags == METH_NOARGS ? method->call(self, NULL) : PyObject_CallOneArg(method->descriptor, self);
}

/* Whether it gave true; -1 with an error. */
static int truth(PyObject *result) {
    int true_ = result ? PyObject_IsTrue(result) : -1;
    Py_XDECREF(result);
    return true_;
}

static int try_to(Method *acquire, PyObject *self) {
    if (acquire->flags == (METH_VARARGS | METH_KEYWORDS))
        return truth(((PyCFunctionWithKeywords)(void (*)(void))acquire->call)(self, unwilling, NULL));
    return truth(PyObject_CallFunctionObjArgs(acquire->descriptor, self, Py_False, NULL));
}

/* A hold that is open since `since`, if that is not 0, and the words of its record. */
typedef struct { PyObject *cell; uint64_t since, word; uint32_t who, depth; } Held;

/* The lock is ours from now on. False with an error, a signal handler's or for want of stack: then it is to be let go. */
static bool taken(PyObject *self, Held *held) {
    if (!held->cell) {
        PyObject *cell = PyObject_CallMethod(self, "_first", NULL), *none = NULL;
        if (!cell) return false;
        /* Who lets go of a lock that another has just taken makes that two come here. */
        if (!__atomic_compare_exchange_n(&held->cell, &none, cell, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) Py_DECREF(cell);
    }
    uint32_t who = acting();
    uint64_t t = now();
    held->who = who;
    held->since = t;
    open_cell(cell_at(held->cell), t, who | (held->word >> 32 << 32));
    return true;
}

/* Say that it is let go, before it is; and if somebody else had it, who does that, which may leave an error. */
static void left(PyObject *self, Held *held) {
    uint64_t at = slot(), since = held->since, t = now();
    held->since = 0;
    close_cell(cell_at(held->cell));
    put(at, held->word, since, t, held->who);
    if (self && held->who != here.lane) {
        Py_XDECREF(PyObject_CallMethod(self, "_signal", "K", (unsigned long long)t));
    }
}

/* A lock is a native one, as the interpreter's own is: to try it is a call of C, which no parsing of arguments precedes. */
typedef struct { PyObject_HEAD PyThread_type_lock native; Held held; char locked; } Lock;

static PyObject *plain; /* a lock of the interpreter's own that nobody holds: it says what is wrong with a call */

static PyObject *lock_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(names)) {
    PyObject *self = type->tp_alloc(type, 0);
    if (self && !(((Lock *)self)->native = PyThread_allocate_lock())) {
        PyErr_SetString(PyExc_RuntimeError, "can't allocate lock");
        Py_CLEAR(self);
    }
    return self;
}

/* Whoever lets go of it is the only one who does: two may try at the same time. */
static bool no_longer(Lock *lock) {
#ifdef Py_GIL_DISABLED
    return __atomic_exchange_n(&lock->locked, 0, __ATOMIC_RELAXED);
#else
    char was = lock->locked;
    lock->locked = 0;
    return was;
#endif
}

static void from_now_on(Lock *lock) { __atomic_store_n(&lock->locked, 1, __ATOMIC_RELAXED); }

static bool lock_try(Lock *lock) {
    if (!PyThread_acquire_lock(lock->native, NOWAIT_LOCK)) return false;
    from_now_on(lock);
    return true;
}

/* _try(): acquire without waiting; whether that succeeded. */
static PyObject *lock_try_(PyObject *self, PyObject *Py_UNUSED(none)) { return PyBool_FromLong(lock_try((Lock *)self)); }

/* _block(seconds): acquire, and wait for it, for ever if negative; signal handlers run meanwhile, and may raise. */
static PyObject *lock_block(PyObject *self, PyObject *seconds) {
    Lock *lock = (Lock *)self;
    double wait = PyFloat_AsDouble(seconds);
    if (wait == -1 && PyErr_Occurred()) return NULL;
    uint64_t end = wait < 0 ? 0 : now() + (uint64_t)(wait * 1e9);
    long long microseconds = wait < 0 ? -1 : (long long)(wait * 1e6);
    for (;;) {
        PyLockStatus got;
        Py_BEGIN_ALLOW_THREADS
        got = PyThread_acquire_lock_timed(lock->native, microseconds, 1);
        Py_END_ALLOW_THREADS
        if (got == PY_LOCK_ACQUIRED) {
            from_now_on(lock);
            Py_RETURN_TRUE;
        }
        if (got == PY_LOCK_FAILURE) Py_RETURN_FALSE;
        if (Py_MakePendingCalls() < 0) return NULL;
        if (wait >= 0) {
            uint64_t t = now();
            if (t >= end) Py_RETURN_FALSE;
            microseconds = (long long)((end - t) / 1000);
        }
    }
}

/* What its class does in Python when a call has arguments or has to wait: 1, 0, or -1 with an error. */
static int ask(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *names) {
    PyObject *method = PyObject_GetAttrString(self, "_ask");
    PyObject *got = method ? PyObject_Vectorcall(method, args, given, names) : NULL;
    Py_XDECREF(method);
    return truth(got);
}

static int wait_for(PyObject *self) { return truth(PyObject_CallMethod(self, "_wait", "i", -1)); }

static PyObject *lock_acquire(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *names) {
    Lock *lock = (Lock *)self;
    int got = given || names ? ask(self, args, given, names) : lock_try(lock) ? 1 : wait_for(self);
    if (got < 0) return NULL;
    if (!got) Py_RETURN_FALSE;
    if (taken(self, &lock->held)) Py_RETURN_TRUE;
    if (no_longer(lock)) PyThread_release_lock(lock->native);
    return NULL;
}

static PyObject *lock_release(PyObject *self, PyObject *Py_UNUSED(none)) {
    Lock *lock = (Lock *)self;
    if (!no_longer(lock)) return call(&plain_release, plain);
    if (lock->held.since) left(self, &lock->held);
    PyThread_release_lock(lock->native);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static PyObject *lock_exit(PyObject *self, PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(given)) {
    return lock_release(self, NULL);
}

static PyObject *lock_locked(PyObject *self, PyObject *Py_UNUSED(none)) {
    return PyBool_FromLong(__atomic_load_n(&((Lock *)self)->locked, __ATOMIC_RELAXED));
}

/* _reinit(): in a forked child, nobody holds it. Who did may be gone, so the native one is left behind. */
static PyObject *lock_reinit(PyObject *self, PyObject *Py_UNUSED(none)) {
    PyThread_type_lock fresh = PyThread_allocate_lock();
    if (!fresh) return PyErr_NoMemory();
    ((Lock *)self)->native = fresh;
    ((Lock *)self)->locked = 0;
    Py_RETURN_NONE;
}

static void lock_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    Lock *lock = (Lock *)self;
    if (lock->native) {
        if (lock->locked) PyThread_release_lock(lock->native);
        PyThread_free_lock(lock->native);
    }
    Py_CLEAR(lock->held.cell);
    type->tp_free(self);
    Py_DECREF(type);
}

#define ACQUIRE(name, function) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, NULL}
#define EXIT(function) {"__exit__", (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL}
#define HELD(offset) \
    {"_cell", T_OBJECT, offset + offsetof(Held, cell), 0, NULL}, \
    {"_since", T_ULONGLONG, offset + offsetof(Held, since), 0, NULL}, \
    {"_word", T_ULONGLONG, offset + offsetof(Held, word), 0, NULL}, \
    {"_depth", T_UINT, offset + offsetof(Held, depth), 0, NULL}

static PyMethodDef lock_methods[] = {
    ACQUIRE("acquire", lock_acquire), ACQUIRE("acquire_lock", lock_acquire), ACQUIRE("__enter__", lock_acquire),
    {"release", lock_release, METH_NOARGS, NULL}, {"release_lock", lock_release, METH_NOARGS, NULL},
    {"locked", lock_locked, METH_NOARGS, NULL}, {"locked_lock", lock_locked, METH_NOARGS, NULL},
    EXIT(lock_exit),
    {"_try", lock_try_, METH_NOARGS, NULL}, {"_block", lock_block, METH_O, NULL}, {"_reinit", lock_reinit, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMemberDef lock_members[] = {HELD(offsetof(Lock, held)), {NULL, 0, 0, 0, NULL}};
static PyType_Slot lock_slots[] = {
    {Py_tp_new, lock_new}, {Py_tp_dealloc, lock_dealloc}, {Py_tp_methods, lock_methods}, {Py_tp_members, lock_members}, {0, NULL}};
static PyType_Spec lock_spec = {"_thread.lock", sizeof(Lock), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, lock_slots};

/* An RLock is the interpreter's own with a Held behind it. */
static Py_ssize_t behind;
static destructor rlock_base_dealloc;

static Held *held_of(PyObject *self) { return (Held *)((char *)self + behind); }

static PyObject *rlock_acquire_(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *names) {
    int got = given || names ? ask(self, args, given, names) : try_to(&rlock_acquire, self);
    if (!got && !given && !names) got = wait_for(self);
    if (got < 0) return NULL;
    if (!got) Py_RETURN_FALSE;
    if (held_of(self)->depth++ || taken(self, held_of(self))) Py_RETURN_TRUE;
    held_of(self)->depth = 0;
    SAVE_ERROR;
    Py_XDECREF(call(&rlock_release, self));
    RESTORE_ERROR;
    return NULL;
}

/* Let go `times` of its depth, if it is this thread's. False with an error. */
static bool rlock_let_go(PyObject *self, uint32_t times) {
    Held *held = held_of(self);
    int owned = truth(call(&rlock_owned, self));
    if (owned > 0 && held->depth) {
        held->depth -= times < held->depth ? times : held->depth;
        if (!held->depth) left(NULL, held);
    }
    return owned >= 0;
}

static PyObject *rlock_release_(PyObject *self, PyObject *Py_UNUSED(none)) {
    return rlock_let_go(self, 1) ? call(&rlock_release, self) : NULL;
}

static PyObject *rlock_exit(PyObject *self, PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(given)) {
    return rlock_release_(self, NULL);
}

static PyObject *rlock_let_all_go(PyObject *self, PyObject *Py_UNUSED(none)) {
    if (!rlock_let_go(self, UINT32_MAX)) return NULL;
    Py_RETURN_NONE;
}

static void rlock_dealloc(PyObject *self) {
    Py_CLEAR(held_of(self)->cell);
    rlock_base_dealloc(self);
}

static PyMethodDef rlock_methods[] = {
    ACQUIRE("acquire", rlock_acquire_), ACQUIRE("__enter__", rlock_acquire_),
    {"release", rlock_release_, METH_NOARGS, NULL}, EXIT(rlock_exit),
    {"_let_all_go", rlock_let_all_go, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMemberDef rlock_members[] = {HELD(0), {NULL, 0, 0, 0, NULL}};
static PyType_Slot rlock_slots[] = {
    {Py_tp_dealloc, rlock_dealloc}, {Py_tp_methods, rlock_methods}, {Py_tp_members, rlock_members}, {0, NULL}};

static PyObject *make_rlock(PyTypeObject *base) {
    behind = (base->tp_basicsize + 7) / 8 * 8;
    rlock_base_dealloc = base->tp_dealloc;
    for (PyMemberDef *member = rlock_members; member->name; member++) member->offset += behind;
    PyType_Spec spec = {
        "_thread.RLock", (int)(behind + sizeof(Held)), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, rlock_slots};
    PyObject *bases = PyTuple_Pack(1, base);
    PyObject *type = bases ? PyType_FromSpecWithBases(&spec, bases) : NULL;
    Py_XDECREF(bases);
    return type;
}

/* -- tasks ---------------------------------------------------------------------------------------------------------- */

typedef struct { PyObject_HEAD PyObject *running, *cell; unsigned long thread; uint32_t lane, cause; } Home;
typedef struct { PyObject_HEAD PyObject *home; uint64_t since; uint32_t lane, on, canceller; char again; } TaskLane;
/* What a handle calls in a callback's place: a step of `task`, whose TaskLane is `what`; or on behalf of the lane `cause`. */
typedef struct { PyObject_HEAD vectorcallfunc call; PyObject *callback, *what, *task; uint32_t cause; } Callback;

static PyTypeObject *home_type, *task_lane_type, *callback_type;
static PyTypeObject *deque; /* of what an event loop has ready */
static Method append;
static PyTypeObject *SHARED steps; /* the type of C's steps, once one has been seen */
static PyObject *SHARED c_task, *SHARED known, *SHARED homes, *SHARED task_of, *SHARED adopt, *SHARED begun, *SHARED stepped,
    *SHARED home_of, *SHARED outside_steps, *SHARED handle_class; /* tasks.py's, see py_use */
static PyObject *self_name, *cancelled_name, *ready_name, *append_name;

static int home_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Home *)self)->running);
    Py_VISIT(((Home *)self)->cell);
    return 0;
}

static int home_clear(PyObject *self) {
    Py_CLEAR(((Home *)self)->running);
    Py_CLEAR(((Home *)self)->cell);
    return 0;
}

static int task_lane_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((TaskLane *)self)->home);
    return 0;
}

static int task_lane_clear(PyObject *self) {
    Py_CLEAR(((TaskLane *)self)->home);
    return 0;
}

static int callback_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Callback *)self)->callback);
    Py_VISIT(((Callback *)self)->what);
    Py_VISIT(((Callback *)self)->task);
    return 0;
}

static int callback_clear(PyObject *self) {
    Py_CLEAR(((Callback *)self)->callback);
    Py_CLEAR(((Callback *)self)->what);
    Py_CLEAR(((Callback *)self)->task);
    return 0;
}

static void dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (PyObject_TypeCheck(self, home_type)) home_clear(self);
    else task_lane_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The last callback that died: one that is made where one dies, as a step's is, makes no garbage collection due. */
static Callback *spare;

static void callback_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    callback_clear(self);
#ifndef Py_GIL_DISABLED
    if (!spare) spare = (Callback *)self;
    else
#endif
    type->tp_free(self);
    Py_DECREF(type);
}

static Callback *new_callback(void) {
    Callback *made = spare;
    if (!made) return (Callback *)callback_type->tp_alloc(callback_type, 0);
    spare = NULL;
    PyObject_Init((PyObject *)made, callback_type);
    PyObject_GC_Track(made);
    return made;
}

static bool is_home(PyObject *thing) {
    static PyTypeObject *seen;
    return is_a(thing, home_type, &seen);
}

static bool is_task_lane(PyObject *thing) {
    static PyTypeObject *seen;
    return is_a(thing, task_lane_type, &seen);
}

/* The lane that asks the loop for something now; 0 when it is the loop itself, or with an error. */
static uint32_t cause_of(Home *home) {
    if (!home || home->thread != PyThread_get_thread_ident()) return acting();
    if (is_task_lane(home->running)) return ((TaskLane *)home->running)->lane;
    if (home->cause || !outside_steps) return home->cause;
    PyObject *lane = PyObject_CallOneArg(outside_steps, (PyObject *)home);
    uint32_t found = lane ? (uint32_t)PyLong_AsUnsignedLongMask(lane) : 0;
    Py_XDECREF(lane);
    return found;
}

/* A suspended task becomes ready: the first of its callback's `args` is the future it waited on, if there was one.
 * False with an error. */
static bool woken(TaskLane *task, Home *home, PyObject *args) {
    uint32_t by = cause_of(home);
    uint64_t cancel = 0;
    if (PyErr_Occurred()) return false;
    if (by && PyTuple_Check(args) && PyTuple_GET_SIZE(args)) {
        int cancelled = truth(PyObject_CallMethodNoArgs(PyTuple_GET_ITEM(args, 0), cancelled_name));
        if (cancelled < 0) return false;
        if (cancelled) {
            task->canceller = by;
            if (task->on) cancel = slot();
        }
    }
    uint64_t at = slot(), t = now();
    if (cancel) put(cancel, ACT | CANCEL << 8 | (uint64_t)task->on << 32, t, 0, by);
    put(at, STATE | READY << 8, t, by, task->lane);
    return true;
}

static PyObject *step_call(PyObject *callable, PyObject *const *args, size_t given, PyObject *names);
static PyObject *caused_call(PyObject *callable, PyObject *const *args, size_t given, PyObject *names);

/* The step that runs in this thread: its task and its TaskLane, which it keeps alive. */
static _Thread_local struct { PyObject *task; TaskLane *lane; } step;

/* The task, borrowed, of which the callback is a step; NULL if it is none, or with an error. */
static PyObject *stepping(PyObject *callback) {
    PyObject *task = NULL;
    PyTypeObject *type = Py_TYPE(callback);
    if (type == steps) {
        task = PyObject_GetAttr(callback, self_name);
    } else if (type == &PyCFunction_Type) {
        task = PyCFunction_GET_SELF(callback);
        if (!task || !c_task || !PyType_Check(c_task) || !PyObject_TypeCheck(task, (PyTypeObject *)c_task)
            || strcmp(((PyCFunctionObject *)callback)->m_ml->ml_name, "task_wakeup")) return NULL;
        return task;
    } else if (type == &PyMethod_Type || !strcmp(type->tp_name, "TaskStepMethWrapper")
               || !strcmp(type->tp_name, "_asyncio.TaskStepMethWrapper")) {
        task = task_of ? PyObject_CallOneArg(task_of, callback) : NULL;
        if (task && task != Py_None && type != &PyMethod_Type) steps = type;
    }
    Py_XDECREF(task); /* the callback keeps it */
    return task == Py_None ? NULL : task;
}

/* What the loop's handle calls in the callback's place. */
static PyObject *instead(PyObject *loop, PyObject *callback, PyObject *arguments) {
    PyObject *what = NULL, *task = stepping(callback);
    uint32_t cause = 0;
    if (task && task == step.task && ((Home *)step.lane->home)->running == (PyObject *)step.lane) {
        step.lane->again = 1;
        what = Py_NewRef((PyObject *)step.lane);
    } else if (task) {
        what = by_id(known, task);
        if (!what) {
            what = PyObject_CallFunctionObjArgs(adopt, loop, task, NULL);
        } else if (is_task_lane(what)) {
            TaskLane *lane = (TaskLane *)what;
            Home *home = is_home(lane->home) ? (Home *)lane->home : NULL;
            if (home && home->running == what) lane->again = 1;
            else if (!woken(lane, home, arguments)) Py_CLEAR(what);
        }
        if (!what) return NULL;
    } else if (PyErr_Occurred()) {
        return NULL;
    } else {
        PyObject *home = by_id(homes, loop);
        cause = cause_of(is_home(home) ? (Home *)home : NULL);
        Py_XDECREF(home);
        if (PyErr_Occurred()) return NULL;
        if (!cause) return Py_NewRef(callback);
        what = Py_NewRef(loop);
    }
    Callback *made = new_callback();
    if (!made) {
        Py_DECREF(what);
        return NULL;
    }
    made->call = task ? step_call : caused_call;
    made->callback = Py_NewRef(callback);
    made->what = what;
    made->task = Py_XNewRef(task);
    made->cause = cause;
    return (PyObject *)made;
}

/* BaseEventLoop._call_soon(loop, callback, args, context), where its caller's frame is what a debugging loop looks for. */
static PyObject *py_call_soon(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t given) {
    if (given != 4) {
        PyErr_Format(PyExc_TypeError, "_call_soon() takes 4 positional arguments but %zd were given", given);
        return NULL;
    }
    PyObject *callback = instead(args[0], args[1], args[2]), *handle = NULL, *ready = NULL, *done = NULL;
    PyObject *parts[] = {callback, args[2], args[0], args[3]};
    if (callback) handle = PyObject_Vectorcall(handle_class, parts, 4, NULL);
    if (handle) ready = PyObject_GetAttr(args[0], ready_name);
    if (ready && Py_IS_TYPE(ready, deque) && append.flags == METH_O) done = append.call(ready, handle);
    else if (ready) done = PyObject_CallMethodOneArg(ready, append_name, handle);
    Py_XDECREF(callback);
    Py_XDECREF(ready);
    if (!done) Py_CLEAR(handle);
    Py_XDECREF(done);
    return handle;
}

static PyObject *step_call(PyObject *callable, PyObject *const *args, size_t given, PyObject *names) {
    Callback *self = (Callback *)callable;
    if (!is_task_lane(self->what) || !is_home(((TaskLane *)self->what)->home))
        return PyObject_Vectorcall(self->callback, args, given, names);
    Py_INCREF(self);
    TaskLane *lane = (TaskLane *)self->what, *outer = step.lane;
    Home *home = (Home *)Py_NewRef(lane->home);
    PyObject *task = self->task, *outer_task = step.task;
    if (!lane->since) {
        PyObject *done = PyObject_CallFunctionObjArgs(begun, lane, task, NULL);
        Py_XDECREF(done);
        if (!done) {
            Py_DECREF(home);
            Py_DECREF(self);
            return NULL;
        }
    }
    lane->since = now();
    lane->again = 0;
    open_cell(cell_at(home->cell), lane->since, lane->lane);
    Py_XSETREF(home->running, Py_NewRef((PyObject *)lane));
    here.lane = lane->lane;
    step.task = task;
    step.lane = lane;
    PyObject *result = PyObject_Vectorcall(self->callback, args, given, names);
    step.task = outer_task;
    step.lane = outer;
    if (home->running == (PyObject *)lane) {
        Py_SETREF(home->running, Py_NewRef(Py_None));
        here.lane = here.thread;
        if (lane->again) {
            uint64_t at = slot();
            put(at, STEP | READY << 8, lane->since, now(), lane->lane);
        } else {
            SAVE_ERROR;
            PyObject *done = PyObject_CallFunctionObjArgs(stepped, lane, task, NULL);
            Py_XDECREF(done);
            if (result && !done) Py_CLEAR(result); /* a signal handler raised; else the step's own error goes first */
            else if (!result) RESTORE_ERROR;
        }
        close_cell(cell_at(home->cell));
    }
    Py_DECREF(home);
    Py_DECREF(self);
    return result;
}

static PyObject *caused_call(PyObject *callable, PyObject *const *args, size_t given, PyObject *names) {
    Callback *self = (Callback *)callable;
    PyObject *callback = Py_NewRef(self->callback), *found = by_id(homes, self->what);
    if (!found) found = PyObject_CallOneArg(home_of, self->what);
    if (!found) PyErr_Clear();
    Home *home = is_home(found) ? (Home *)found : NULL;
    uint32_t before = home ? home->cause : 0;
    if (home) home->cause = here.cause = self->cause;
    PyObject *result = PyObject_Vectorcall(callback, args, given, names);
    if (home) home->cause = here.cause = before;
    Py_XDECREF(found);
    Py_DECREF(callback);
    return result;
}

/* Whoever looks at a handle's callback sees the program's. */
static PyObject *callback_getattr(PyObject *self, PyObject *name) {
    return PyObject_GetAttr(((Callback *)self)->callback, name);
}

static PyObject *callback_repr(PyObject *self) { return PyObject_Repr(((Callback *)self)->callback); }

static Py_hash_t callback_hash(PyObject *self) { return PyObject_Hash(((Callback *)self)->callback); }

static PyObject *callback_compare(PyObject *self, PyObject *other, int how) {
    if (Py_IS_TYPE(other, callback_type)) other = ((Callback *)other)->callback;
    return PyObject_RichCompare(((Callback *)self)->callback, other, how);
}

static PyMemberDef home_members[] = {
    {"running", T_OBJECT, offsetof(Home, running), 0, NULL}, {"cell", T_OBJECT, offsetof(Home, cell), 0, NULL},
    {"thread", T_ULONG, offsetof(Home, thread), 0, NULL}, {"lane", T_UINT, offsetof(Home, lane), 0, NULL},
    {"cause", T_UINT, offsetof(Home, cause), 0, NULL}, {NULL, 0, 0, 0, NULL},
};
static PyMemberDef task_lane_members[] = {
    {"home", T_OBJECT, offsetof(TaskLane, home), 0, NULL}, {"since", T_ULONGLONG, offsetof(TaskLane, since), 0, NULL},
    {"lane", T_UINT, offsetof(TaskLane, lane), 0, NULL}, {"on", T_UINT, offsetof(TaskLane, on), 0, NULL},
    {"canceller", T_UINT, offsetof(TaskLane, canceller), 0, NULL}, {"again", T_BOOL, offsetof(TaskLane, again), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyMemberDef callback_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Callback, call), READONLY, NULL}, {NULL, 0, 0, 0, NULL}};
static PyType_Slot home_slots[] = {
    {Py_tp_dealloc, dealloc}, {Py_tp_traverse, home_traverse}, {Py_tp_clear, home_clear},
    {Py_tp_members, home_members}, {0, NULL}};
static PyType_Slot task_lane_slots[] = {
    {Py_tp_dealloc, dealloc}, {Py_tp_traverse, task_lane_traverse}, {Py_tp_clear, task_lane_clear},
    {Py_tp_members, task_lane_members}, {0, NULL}};
static PyType_Slot callback_slots[] = {
    {Py_tp_dealloc, callback_dealloc}, {Py_tp_traverse, callback_traverse}, {Py_tp_clear, callback_clear},
    {Py_tp_members, callback_members}, {Py_tp_call, PyVectorcall_Call}, {Py_tp_getattro, callback_getattr},
    {Py_tp_repr, callback_repr}, {Py_tp_hash, callback_hash}, {Py_tp_richcompare, callback_compare}, {0, NULL}};
enum { COLLECTED = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC };
static PyType_Spec home_spec = {
    "interleave_tracer.fast.Home", sizeof(Home), 0, COLLECTED | Py_TPFLAGS_BASETYPE, home_slots};
static PyType_Spec task_lane_spec = {
    "interleave_tracer.fast.TaskLane", sizeof(TaskLane), 0, COLLECTED | Py_TPFLAGS_BASETYPE, task_lane_slots};
static PyType_Spec callback_spec = {
    "interleave_tracer.fast.Callback", sizeof(Callback), 0, COLLECTED | Py_TPFLAGS_HAVE_VECTORCALL, callback_slots};

/* -- the module ----------------------------------------------------------------------------------------------------- */

static PyObject *py_attach(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long size, count, at;
    int descriptor;
    if (!PyArg_ParseTuple(args, "iKKK", &descriptor, &size, &count, &at)) return NULL;
    /* Kept as long as the process lives. */
    void *log = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (log == MAP_FAILED) return PyErr_SetFromErrno(PyExc_OSError);
    words = log;
    file = descriptor;
    segments = count;
    first = at;
    return PyMemoryView_FromMemory(log, (Py_ssize_t)size, PyBUF_WRITE);
}

static PyObject *py_begin(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long index, at;
    if (!PyArg_ParseTuple(args, "KK", &index, &at)) return NULL;
    process = index;
    lost = at;
    full = !index;
    return begin_rooms() ? Py_NewRef(Py_None) : PyErr_NoMemory();
}

static PyObject *py_use(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args), PyObject *given) {
    static const struct { const char *name; PyObject *SHARED *place; } used[] = {
        {"appear", &appear}, {"kinds", &kinds}, {"places", &places}, {"start", &start},
        {"kind", &kind}, {"find_place", &find_place}, {"task", &c_task}, {"known", &known}, {"homes", &homes},
        {"task_of", &task_of}, {"adopt", &adopt}, {"begun", &begun}, {"stepped", &stepped}, {"home_of", &home_of},
        {"handle", &handle_class}, {"outside", &outside_steps}, {"resources", &resources}, {"declared_of", &declared_of},
    };
    for (size_t i = 0; given && i < sizeof used / sizeof *used; i++) {
        PyObject *found = PyDict_GetItemString(given, used[i].name);
        if (!found) continue;
#ifdef Py_GIL_DISABLED
        /* Another thread may have the old one in hand: it stays, which costs little since it is seldom replaced. */
        *used[i].place = Py_NewRef(found);
#else
        Py_XSETREF(*used[i].place, Py_NewRef(found));
#endif
    }
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"attach", py_attach, METH_VARARGS, NULL},
    {"use", (PyCFunction)(void (*)(void))py_use, METH_VARARGS | METH_KEYWORDS, NULL},
    {"begin", py_begin, METH_VARARGS, NULL},
    {"segment", py_segment, METH_O, NULL},
    {"emit", (PyCFunction)(void (*)(void))py_emit, METH_FASTCALL, NULL},
    {"emit_text", (PyCFunction)(void (*)(void))py_emit_text, METH_FASTCALL, NULL},
    {"current", py_current, METH_NOARGS, NULL},
    {"waiting", (PyCFunction)(void (*)(void))py_waiting, METH_FASTCALL, NULL},
    {"running", (PyCFunction)(void (*)(void))py_running, METH_FASTCALL, NULL},
    {"act", (PyCFunction)(void (*)(void))py_act, METH_FASTCALL, NULL},
    {"user", py_user, METH_O, NULL},
    {"place", py_place, METH_O, NULL},
    {"kind", py_kind, METH_O, NULL},
    {"known", py_known, METH_O, NULL},
    {"of", (PyCFunction)(void (*)(void))py_of, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"level", (PyCFunction)(void (*)(void))py_level, METH_FASTCALL, NULL},
    {"job", (PyCFunction)(void (*)(void))py_job, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyObject *add(PyObject *module, const char *name, PyObject *made) {
    if (!made || PyModule_AddObjectRef(module, name, made) < 0) return NULL;
    return made;
}

static int fill(PyObject *module) {
    static bool filled;
    if (filled) {
        /* What is static here is one interpreter's. */
        PyErr_SetString(PyExc_ImportError, "another interpreter of this process is traced already");
        return -1;
    }
    PyObject *threads = PyImport_ImportModule("_thread"), *collections = PyImport_ImportModule("_collections");
    if (!threads || !collections) return -1;
    deque = (PyTypeObject *)PyObject_GetAttrString(collections, "deque");
    PyObject *rlock = PyObject_GetAttrString(threads, "RLock");
    plain = PyObject_CallMethod(threads, "allocate_lock", NULL);
    unwilling = PyTuple_Pack(1, Py_False);
    self_name = PyUnicode_InternFromString("__self__");
    cancelled_name = PyUnicode_InternFromString("cancelled");
    ready_name = PyUnicode_InternFromString("_ready");
    append_name = PyUnicode_InternFromString("append");
    tries_name = PyUnicode_InternFromString("tries");
    static PyMethodDef call_soon = {"_call_soon", (PyCFunction)(void (*)(void))py_call_soon, METH_FASTCALL, NULL};
    PyObject *function = PyCFunction_New(&call_soon, NULL);
    bool fine = plain && rlock && PyType_Check(rlock) && unwilling && self_name && cancelled_name && ready_name && append_name
        && tries_name && function && deque && PyType_Check((PyObject *)deque) && find(&append, deque, "append")
        && find(&plain_release, Py_TYPE(plain), "release")
        && find(&rlock_acquire, (PyTypeObject *)rlock, "acquire") && find(&rlock_release, (PyTypeObject *)rlock, "release")
        && find(&rlock_owned, (PyTypeObject *)rlock, "_is_owned");
    PyObject *here_type = fine ? PyType_FromSpec(&here_spec) : NULL;
    fine = here_type && add(module, "here", PyObject_CallNoArgs(here_type))
        && (cell_type = (PyTypeObject *)add(module, "Cell", PyType_FromSpec(&cell_spec)))
        && add(module, "call_soon", PyInstanceMethod_New(function))
        && add(module, "Lock", PyType_FromSpec(&lock_spec))
        && add(module, "RLock", make_rlock((PyTypeObject *)rlock))
        && (home_type = (PyTypeObject *)add(module, "Home", PyType_FromSpec(&home_spec)))
        && (task_lane_type = (PyTypeObject *)add(module, "TaskLane", PyType_FromSpec(&task_lane_spec)))
        && (callback_type = (PyTypeObject *)PyType_FromSpec(&callback_spec));
    Py_XDECREF(rlock);
    Py_XDECREF(function);
    Py_DECREF(threads);
    Py_DECREF(collections);
    filled = fine;
    return fine ? 0 : -1;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, fill},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fast", NULL, 0, functions, module_slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_fast(void) { return PyModuleDef_Init(&definition); }
