/* redaction.primitives.hashing: what Begun, descend and digest_16 of redaction/primitives/pure.py do, without an object for each
 * digest.
 *
 * BLAKE2s (RFC 7693). What it was begun with is wiped when it goes.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 64, OUT = 32, KEY = 32, PERSON = 8, ROUNDS = 10, NODE = 32, LEVELS = 14, ARITY = 8 };

typedef unsigned char octet;

/* A block is compressed once it is known whether it is the last. */
typedef struct {
    uint32_t chain[8];
    uint64_t taken; /* octets that were compressed */
    octet block[BLOCK];
    size_t held;
} state;

static const octet BRANCH[] = "connect-gateway ggm";

static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
static const octet ORDER[ROUNDS][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint32_t
word(const octet *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void
put(octet *at, uint32_t value)
{
    for (int each = 0; each < 4; each++) {
        at[each] = (octet)(value >> 8 * each);
    }
}

static inline uint32_t
turned(uint32_t value, int by)
{
    return value >> by | value << (32 - by);
}

#define MIX(a, b, c, d, x, y)          \
    do {                               \
        a += b + (x);                  \
        d = turned(d ^ a, 16);         \
        c += d;                        \
        b = turned(b ^ c, 12);         \
        a += b + (y);                  \
        d = turned(d ^ a, 8);          \
        c += d;                        \
        b = turned(b ^ c, 7);          \
    } while (0)

/* size: how many octets of the block count. */
static void
compress(state *it, const octet *block, size_t size, int is_last)
{
    uint32_t m[16], v[16];
    it->taken += size;
    for (int each = 0; each < 16; each++) {
        m[each] = word(block + 4 * each);
    }
    for (int each = 0; each < 8; each++) {
        v[each] = it->chain[each];
        v[8 + each] = START[each];
    }
    v[12] ^= (uint32_t)it->taken;
    v[13] ^= (uint32_t)(it->taken >> 32);
    if (is_last) {
        v[14] = ~v[14];
    }
#pragma GCC unroll 10
    for (int round = 0; round < ROUNDS; round++) {
        const octet *order = ORDER[round];
        MIX(v[0], v[4], v[8], v[12], m[order[0]], m[order[1]]);
        MIX(v[1], v[5], v[9], v[13], m[order[2]], m[order[3]]);
        MIX(v[2], v[6], v[10], v[14], m[order[4]], m[order[5]]);
        MIX(v[3], v[7], v[11], v[15], m[order[6]], m[order[7]]);
        MIX(v[0], v[5], v[10], v[15], m[order[8]], m[order[9]]);
        MIX(v[1], v[6], v[11], v[12], m[order[10]], m[order[11]]);
        MIX(v[2], v[7], v[8], v[13], m[order[12]], m[order[13]]);
        MIX(v[3], v[4], v[9], v[14], m[order[14]], m[order[15]]);
    }
    for (int each = 0; each < 8; each++) {
        it->chain[each] ^= v[each] ^ v[8 + each];
    }
}

static void
take(state *it, const octet *at, size_t size)
{
    if (size == 0) {
        return;
    }
    size_t room = BLOCK - it->held;
    if (size > room) {
        memcpy(it->block + it->held, at, room);
        compress(it, it->block, BLOCK, 0);
        at += room;
        size -= room;
        it->held = 0;
        while (size > BLOCK) {
            compress(it, at, BLOCK, 0);
            at += BLOCK;
            size -= BLOCK;
        }
    }
    memcpy(it->block + it->held, at, size);
    it->held += size;
}

/* key, person: NULL where there is none. */
static void
begin(state *it, Py_ssize_t size, const void *key, size_t key_size, const void *person, size_t person_size)
{
    octet parameters[OUT] = {(octet)size, (octet)key_size, 1, 1};
    if (person_size) {
        memcpy(parameters + OUT - PERSON, person, person_size);
    }
    memset(it, 0, sizeof *it);
    for (int each = 0; each < 8; each++) {
        it->chain[each] = START[each] ^ word(parameters + 4 * each);
    }
    if (key_size) {
        memcpy(it->block, key, key_size);
        it->held = BLOCK;
    }
}

static void
end(state *it, octet *out)
{
    memset(it->block + it->held, 0, BLOCK - it->held);
    compress(it, it->block, it->held, 1);
    for (int each = 0; each < 8; each++) {
        put(out + 4 * each, it->chain[each]);
    }
}

static void
wipe(void *at, size_t size)
{
    memset(at, 0, size);
    __asm__ __volatile__("" : : "r"(at) : "memory"); /* or it would be left out, since nobody reads what is there */
}

/* ------------------------------------------------------------------------------------------------------------ objects */

/* ahead: the same, for when more octets come, so that a whole block is not compressed anew for each. */
typedef struct {
    PyObject_HEAD
    state begun, ahead;
    Py_ssize_t size;
} Begun;

static PyObject *
begun_new(PyTypeObject *type, PyObject *given, PyObject *named)
{
    static char *names[] = {"octets", "size", "key", "person", NULL};
    Py_buffer octets = {0}, key = {0}, person = {0};
    Py_ssize_t size = OUT;
    Begun *made = NULL;
    if (!PyArg_ParseTupleAndKeywords(
            given, named, "y*|$ny*y*:Begun", names, &octets, &size, &key, &person)) {
        return NULL;
    }
    if (size < 1 || size > OUT || key.len > KEY || person.len > PERSON) {
        PyErr_SetString(PyExc_ValueError, "size, key or person is out of range");
    } else if ((made = (Begun *)type->tp_alloc(type, 0)) != NULL) {
        begin(&made->begun, size, key.buf, (size_t)key.len, person.buf, (size_t)person.len);
        take(&made->begun, octets.buf, (size_t)octets.len);
        made->ahead = made->begun;
        if (made->ahead.held == BLOCK) {
            compress(&made->ahead, made->ahead.block, BLOCK, 0);
            made->ahead.held = 0;
        }
        made->size = size;
    }
    PyBuffer_Release(&octets);
    if (key.obj) {
        PyBuffer_Release(&key);
    }
    if (person.obj) {
        PyBuffer_Release(&person);
    }
    return (PyObject *)made;
}

static void
begun_dealloc(PyObject *self)
{
    Begun *it = (Begun *)self;
    PyTypeObject *type = Py_TYPE(self);
    wipe(&it->begun, sizeof it->begun);
    wipe(&it->ahead, sizeof it->ahead);
    type->tp_free(self);
    Py_DECREF(type);
}

static void
digest_of(const Begun *it, const octet *octets, Py_ssize_t size, octet *out)
{
    state now = size ? it->ahead : it->begun;
    take(&now, octets, (size_t)size);
    end(&now, out);
}

static PyObject *
begun_of(PyObject *self, PyObject *octets)
{
    if (!PyBytes_Check(octets)) {
        PyErr_SetString(PyExc_TypeError, "octets must be bytes");
        return NULL;
    }
    Begun *it = (Begun *)self;
    octet out[OUT];
    digest_of(it, (const octet *)PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets), out);
    return PyBytes_FromStringAndSize((const char *)out, it->size);
}

static PyObject *
begun_of_both(PyObject *self, PyObject *const *given, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(given[0])) {
        PyErr_SetString(PyExc_TypeError, "octets must be bytes, and a length and a size follow");
        return NULL;
    }
    Begun *it = (Begun *)self;
    Py_ssize_t size = PyBytes_GET_SIZE(given[0]), until = PyLong_AsSsize_t(given[1]), first = PyLong_AsSsize_t(given[2]);
    if ((until == -1 || first == -1) && PyErr_Occurred()) {
        return NULL;
    }
    if (until < 0 || until > size || first < 0 || first > it->size) {
        PyErr_SetString(PyExc_ValueError, "length or size is out of range");
        return NULL;
    }
    const octet *octets = (const octet *)PyBytes_AS_STRING(given[0]);
    octet out[OUT], begins[OUT];
    digest_of(it, octets, size, out);
    digest_of(it, octets, until, begins);
    memcpy(out, begins, (size_t)first);
    return PyBytes_FromStringAndSize((const char *)out, it->size);
}

static PyMethodDef methods[] = {
    {"of", begun_of, METH_O, PyDoc_STR("The digest of what it was begun with and of these octets.")},
    {"of_both", (PyCFunction)(void (*)(void))begun_of_both, METH_FASTCALL,
     PyDoc_STR("The digest of these octets, of which the first octets are those of the digest of their beginning.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, begun_new},
    {Py_tp_dealloc, begun_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)PyDoc_STR("See redaction/primitives/pure.py.")},
    {0, NULL},
};
static PyType_Spec spec = {
    "redaction.primitives.hashing.Begun", sizeof(Begun), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots,
};

static PyObject *
digest_16(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(given[0]) || !PyBytes_Check(given[1]) || !PyBytes_Check(given[2])) {
        PyErr_SetString(PyExc_TypeError, "key, person and octets must be bytes");
        return NULL;
    }
    size_t key_size = (size_t)PyBytes_GET_SIZE(given[0]), person_size = (size_t)PyBytes_GET_SIZE(given[1]);
    if (key_size > KEY || person_size > PERSON) {
        PyErr_SetString(PyExc_ValueError, "key or person is out of range");
        return NULL;
    }
    state now;
    octet out[OUT];
    begin(&now, 2, PyBytes_AS_STRING(given[0]), key_size, PyBytes_AS_STRING(given[1]), person_size);
    take(&now, (const octet *)PyBytes_AS_STRING(given[2]), (size_t)PyBytes_GET_SIZE(given[2]));
    end(&now, out);
    wipe(&now, sizeof now);
    return PyLong_FromLong((long)out[0] << 8 | out[1]);
}

static int
take_number(PyObject *given, int bits, const char *name, uint64_t *taken)
{
    *taken = PyLong_AsUnsignedLongLong(given);
    if (*taken == (uint64_t)-1 && PyErr_Occurred()) {
        return 0;
    }
    if (*taken >> bits) {
        PyErr_Format(PyExc_OverflowError, "%s has more than %d bits", name, bits);
        return 0;
    }
    return 1;
}

static PyObject *
descend(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count)
{
    uint64_t index, level, until;
    if (count != 4) {
        PyErr_Format(PyExc_TypeError, "descend takes 4 arguments, not %zd", count);
        return NULL;
    }
    if (!PyBytes_Check(given[0])) {
        PyErr_SetString(PyExc_TypeError, "a node must be bytes");
        return NULL;
    }
    if (PyBytes_GET_SIZE(given[0]) != NODE) {
        PyErr_Format(PyExc_ValueError, "a node has %d bytes", NODE);
        return NULL;
    }
    if (!take_number(given[1], 40, "index", &index) || !take_number(given[2], 8, "level", &level)
        || !take_number(given[3], 8, "until", &until)) {
        return NULL;
    }
    state now = {0};
    octet block[BLOCK] = {0}, *branch = block + NODE + sizeof BRANCH - 1; /* where C ends its strings */
    memcpy(block, PyBytes_AS_STRING(given[0]), NODE);
    memcpy(block + NODE, BRANCH, sizeof BRANCH);
    for (; level < until && level < LEVELS; level++) {
        *branch = (octet)(index >> 3 * (LEVELS - 1 - level) & (ARITY - 1));
        begin(&now, NODE, NULL, 0, NULL, 0);
        compress(&now, block, NODE + sizeof BRANCH, 1);
        for (int each = 0; each < 8; each++) {
            put(block + 4 * each, now.chain[each]);
        }
    }
    PyObject *reached = PyBytes_FromStringAndSize((const char *)block, NODE);
    wipe(block, sizeof block);
    wipe(&now, sizeof now);
    return reached;
}

static PyMethodDef functions[] = {
    {"descend", (PyCFunction)(void (*)(void))descend, METH_FASTCALL,
     PyDoc_STR("The node at level `until` on the path to a leaf, starting from a node at `level`.")},
    {"digest_16", (PyCFunction)(void (*)(void))digest_16, METH_FASTCALL,
     PyDoc_STR("A keyed BLAKE2s digest of two octets, as a number.")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "redaction.primitives.hashing", "See redaction/primitives/pure.py.", -1,
    functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_hashing(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = module == NULL ? NULL : PyType_FromSpec(&spec);
    if (type == NULL || PyModule_AddObject(module, "Begun", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
