"""A pool of two processes does 1000 small tasks."""

import multiprocessing


def square(n):
    return n * n


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        results = [pool.apply_async(square, (n,)) for n in range(1000)]
        assert sum(result.get() for result in results) == 332_833_500
