/* gateway.process.overwriter: Python's allocators, writing zeros over what is freed (gateway/process/overwriting.py).
 *
 * Objects and buffers of up to 512 octets come from pools of one size each, as CPython's own allocator has them; pools lie
 * in one range of addresses, so that a comparison tells whose a pointer is. What is larger, and what other libraries take
 * by way of Python (uvloop's libuv does), is libc's, overwritten before it goes back. What was allocated before
 * `install` goes back to the allocator of before, unwritten.
 *
 * The interpreter's lock protects the pools; the raw domain is without state.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

typedef unsigned char octet;

enum { STEP = 16, SIZES = 32, LARGEST = STEP * SIZES, POOL = 1 << 14, HEADER = 64, GROWTH = 1 << 20 };

typedef struct pool {
    struct pool *next, *before; /* with room, of the same size; next also of spare ones */
    octet *free;                /* the first block that may be taken, each holds the address of the next; NULL: full */
    octet *untouched;           /* from here on nothing was ever taken */
    uint32_t size, used;
} pool;

static octet *space, *grown, *space_end, *cut;
static pool *with_room[SIZES], *spare;
static PyMemAllocatorEx raw, objects, buffers;

/* --------------------------------------------------------------------------------------------------------- pools */

static inline int
is_ours(const void *at)
{
    return (uintptr_t)at - (uintptr_t)space < (uintptr_t)(cut - space);
}

static inline pool *
pool_of(void *at)
{
    return (pool *)((uintptr_t)at & ~(uintptr_t)(POOL - 1));
}

static inline void
link_in(pool *it, int which)
{
    it->before = NULL;
    it->next = with_room[which];
    if (it->next != NULL) {
        it->next->before = it;
    }
    with_room[which] = it;
}

static inline void
link_out(pool *it, int which)
{
    if (it->before != NULL) {
        it->before->next = it->next;
    } else {
        with_room[which] = it->next;
    }
    if (it->next != NULL) {
        it->next->before = it->before;
    }
}

static pool *
new_pool(int which)
{
    pool *it = spare;
    if (it != NULL) {
        spare = it->next;
    } else {
        if (cut == grown) {
            if (grown == space_end || mprotect(grown, GROWTH, PROT_READ | PROT_WRITE) != 0) {
                return NULL;
            }
            grown += GROWTH;
        }
        it = (pool *)cut;
        cut += POOL;
    }
    it->size = (which + 1) * STEP;
    it->used = 0;
    it->free = (octet *)it + HEADER;
    it->untouched = it->free + it->size;
    *(octet **)it->free = NULL;
    link_in(it, which);
    return it;
}

/* Its last free block was taken: one more that was never touched, or it is full. */
static void
extend(pool *it, int which)
{
    if (it->untouched + it->size <= (octet *)it + POOL) {
        it->free = it->untouched;
        it->untouched += it->size;
        *(octet **)it->free = NULL;
    } else {
        link_out(it, which);
    }
}

static inline void *
take(size_t size)
{
    int which = (int)((size - (size != 0)) / STEP);
    pool *it = with_room[which];
    if (__builtin_expect(it == NULL, 0) && (it = new_pool(which)) == NULL) {
        return NULL;
    }
    octet *block = it->free;
    it->used++;
    it->free = *(octet **)block;
    if (__builtin_expect(it->free == NULL, 0)) {
        extend(it, which);
    }
    return block;
}

typedef long long sixteen __attribute__((vector_size(16)));

/* A loop that stays one: for so few octets a call of memset costs more. */
static inline void
overwrite(octet *at, size_t size)
{
    const sixteen zeros = {0, 0};
    octet *end = at + size;
    do {
        *(volatile sixteen *)at = zeros;
        at += STEP;
    } while (at < end);
}

static inline void
give_back(octet *block)
{
    pool *it = pool_of(block);
    octet *next = it->free;
    overwrite(block, it->size);
    *(octet **)block = next;
    it->free = block;
    it->used--;
    if (__builtin_expect(next == NULL, 0)) {
        link_in(it, it->size / STEP - 1);
    } else if (__builtin_expect(it->used == 0, 0) && (it->next != NULL || it->before != NULL)) {
        link_out(it, it->size / STEP - 1);
        it->next = spare;
        spare = it;
    }
}

/* ------------------------------------------------------------------------------------------------ libc's memory */

static void *
raw_malloc(void *context, size_t size)
{
    return raw.malloc(raw.ctx, size);
}

static void *
raw_calloc(void *context, size_t count, size_t size)
{
    return raw.calloc(raw.ctx, count, size);
}

static void
raw_free(void *context, void *at)
{
    if (at != NULL) {
        memset(at, 0, malloc_usable_size(at));
        __asm__ volatile("" : : "r"(at) : "memory");
        raw.free(raw.ctx, at);
    }
}

static void *
raw_realloc(void *context, void *at, size_t size)
{
    if (at == NULL) {
        return raw.malloc(raw.ctx, size);
    }
    size_t had = malloc_usable_size(at);
    if (size <= had && size >= had / 2) {
        memset((octet *)at + size, 0, had - size);
        return at;
    }
    void *moved = raw.malloc(raw.ctx, size);
    if (moved != NULL) {
        memcpy(moved, at, had < size ? had : size);
        raw_free(context, at);
    }
    return moved;
}

/* ----------------------------------------------------------------------------- objects and buffers; context: as before */

static void *
held_malloc(void *context, size_t size)
{
    void *block = size <= LARGEST ? take(size) : NULL;
    return block != NULL ? block : raw.malloc(raw.ctx, size);
}

static void *
held_calloc(void *context, size_t count, size_t size)
{
    if (size != 0 && count > (size_t)PY_SSIZE_T_MAX / size) {
        return NULL;
    }
    void *block = count * size <= LARGEST ? take(count * size) : NULL;
    if (block == NULL) {
        return raw.calloc(raw.ctx, count, size);
    }
    return memset(block, 0, count * size);
}

static void
held_free(void *context, void *at)
{
    if (__builtin_expect(is_ours(at), 1)) {
        give_back(at);
    } else if (at != NULL) {
        PyMemAllocatorEx *before = context;
        before->free(before->ctx, at); /* what is libc's comes to raw_free from there */
    }
}

static void *
held_realloc(void *context, void *at, size_t size)
{
    if (at == NULL) {
        return held_malloc(context, size);
    }
    if (!is_ours(at)) {
        PyMemAllocatorEx *before = context;
        return before->realloc(before->ctx, at, size);
    }
    size_t had = pool_of(at)->size;
    if (size <= had && 4 * size > 3 * had) {
        return at;
    }
    void *moved = held_malloc(context, size);
    if (moved != NULL) {
        memcpy(moved, at, had < size ? had : size);
        give_back(at);
    }
    return moved;
}

/* ----------------------------------------------------------------------------------------------------------- module */

static int
reserve(void)
{
    for (size_t size = (size_t)1 << 36; size >= (size_t)1 << 30; size >>= 2) {
        octet *at = mmap(NULL, size + POOL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at != MAP_FAILED) {
            space = cut = grown = (octet *)(((uintptr_t)at + POOL - 1) & ~(uintptr_t)(POOL - 1));
            space_end = space + size;
            madvise(space, size, MADV_DONTDUMP);
            return 1;
        }
    }
    return 0;
}

static PyObject *
py_install(PyObject *module, PyObject *nothing)
{
    if (space == NULL) {
        if (!reserve()) {
            Py_RETURN_FALSE;
        }
        PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
        PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &objects);
        PyMem_GetAllocator(PYMEM_DOMAIN_MEM, &buffers);
        PyMemAllocatorEx of_libc = {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free};
        PyMemAllocatorEx of_objects = {&objects, held_malloc, held_calloc, held_realloc, held_free};
        PyMemAllocatorEx of_buffers = {&buffers, held_malloc, held_calloc, held_realloc, held_free};
        PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &of_libc);
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &of_objects);
        PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &of_buffers);
    }
    Py_RETURN_TRUE;
}

static PyObject *
py_give_back(PyObject *module, PyObject *nothing)
{
    size_t page = 4096, octets = 0;
    for (pool *it = spare; it != NULL; it = it->next) {
        octets += madvise((octet *)it + page, POOL - page, MADV_DONTNEED) == 0 ? POOL - page : 0;
    }
    return PyLong_FromSize_t(octets);
}

static PyMethodDef functions[] = {
    {"install", py_install, METH_NOARGS, PyDoc_STR("Overwrite from now on; whether that could be done.")},
    {"give_back", py_give_back, METH_NOARGS, PyDoc_STR("Give pools that nobody uses to the system; how many octets.")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "gateway.process.overwriter", "See compiling/overwriter.c.", -1, functions,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_overwriter(void)
{
#ifdef Py_GIL_DISABLED
    PyErr_SetString(PyExc_ImportError, "this allocator relies on the interpreter's lock");
    return NULL;
#else
    return PyModule_Create(&definition);
#endif
}
