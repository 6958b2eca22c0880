/* gateway.process.steady: what gateway/process/steady_time.py computes, without a tuple and a search for each look. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <time.h>

#ifdef CLOCK_BOOTTIME
#define STEADY CLOCK_BOOTTIME
#else
#define STEADY CLOCK_MONOTONIC
#endif

static PyObject *
steady_ms(PyObject *module, PyObject *nothing)
{
    struct timespec now;
    if (clock_gettime(STEADY, &now) != 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyLong_FromLongLong((long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static PyMethodDef functions[] = {
    {"steady_ms", steady_ms, METH_NOARGS, PyDoc_STR("See gateway/process/steady_time.py.")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "gateway.process.steady", "See gateway/process/steady_time.py.", -1, functions,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_steady(void)
{
    return PyModule_Create(&definition);
}
