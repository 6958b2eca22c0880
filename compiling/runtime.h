/* What compiled code would do otherwise than the interpreter, or slower.
 *
 * A slice of octets whose end lies before its start is empty; mypyc's runtime (2.4) asks for a negative number of octets.
 *
 * Attributes of structs are read as the interpreter reads them.
 * mypyc knows the layout of the classes that it compiles and asks PyObject_GetAttr for everything else, which looks the
 * name up in the type at every read: 12 to 15 ns. The interpreter (PEP 659, LOAD_ATTR_SLOT) remembers at each place
 * where in the object the slot lay and checks that the type is still the same. Here every PyObject_GetAttr of the
 * generated code gets such a memory. Whatever is not a slot of a plain object goes the usual way.
 *
 * So are members of enumerations, whose metaclass sends each look-up through Python's own __getattribute__ (120 ns), and
 * names of a module, which the interpreter remembers by the version of its dictionary (LOAD_GLOBAL) and mypyc looks up.
 *
 * Included before each generated file (setup.py). Without GCC's or Clang's statement expressions, and without the
 * interpreter's lock, it changes nothing but slices; names of a module it remembers with Python 3.11 only.
 */
#ifndef CONNECT_GATEWAY_RUNTIME_H
#define CONNECT_GATEWAY_RUNTIME_H

#include <Python.h>
#include <structmember.h>

#define PyBytes_FromStringAndSize(octets, size) (PyBytes_FromStringAndSize)((octets), (size) < 0 ? 0 : (size))

#if defined(__GNUC__) && !defined(PYPY_VERSION) && !defined(Py_GIL_DISABLED)

/* Whether the type has a version tag now: a number that is given to one state of one type and never again. */
static inline int
gateway_has_version(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030c0000
    return PyUnstable_Type_AssignVersionTag(type) && type->tp_version_tag != 0;
#else
    return PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG);
#endif
}

/* Of the last type and name seen at one place: getattr's names differ from call to call. The name is kept alive, so that
 * no other can stand at its address. Either `type` is set and objects of it have the name at `offset`, or `owner` is, and
 * that class itself holds `member` under it. */
typedef struct {
    PyTypeObject *type;
    PyTypeObject *owner;
    PyObject *name;
    PyObject *member;
    unsigned int version;
    Py_ssize_t offset;
} gateway_slot;

static inline void
gateway_remember(gateway_slot *slot, PyTypeObject *type, PyTypeObject *owner, PyObject *name)
{
    slot->type = type;
    slot->owner = owner;
    slot->version = (type != NULL ? type : owner)->tp_version_tag;
    Py_INCREF(name);
    Py_XSETREF(slot->name, name);
}

/* Whether the class's metaclass leaves looking up to type.__getattribute__ and has nothing of that name itself. */
static inline int
gateway_is_usual(PyTypeObject *metaclass, PyObject *name)
{
    PyObject *looked_up = PyUnicode_InternFromString("__getattribute__");
    if (looked_up == NULL) {
        PyErr_Clear();
        return 0;
    }
    int usual = _PyType_Lookup(metaclass, looked_up) == _PyType_Lookup(&PyType_Type, looked_up);
    Py_DECREF(looked_up);
    return usual && _PyType_Lookup(metaclass, name) == NULL;
}

/* An attribute of a class. A plain value is remembered, what its own type turns into something else is not. */
__attribute__((noinline, unused)) static PyObject *
gateway_get_of_class(gateway_slot *slot, PyTypeObject *owner, PyObject *name)
{
    if (owner == slot->owner && name == slot->name && owner->tp_version_tag == slot->version) {
        Py_INCREF(slot->member);
        return slot->member;
    }
    if (gateway_is_usual(Py_TYPE(owner), name)) {
        PyObject *found = _PyType_Lookup(owner, name);
        if (found != NULL && Py_TYPE(found)->tp_descr_get == NULL && gateway_has_version(owner)) {
            gateway_remember(slot, NULL, owner, name);
            slot->member = found;
        }
    }
    return PyObject_GetAttr((PyObject *)owner, name);
}

__attribute__((noinline, unused)) static PyObject *
gateway_learn_slot(gateway_slot *slot, PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    if (PyType_Check(object)) {
        return gateway_get_of_class(slot, (PyTypeObject *)object, name);
    }
    if (type->tp_getattro == PyObject_GenericGetAttr) {
        PyObject *found = _PyType_Lookup(type, name); /* borrowed; it also gives the type its version */
        if (found != NULL && Py_IS_TYPE(found, &PyMemberDescr_Type)) {
            PyMemberDescrObject *member = (PyMemberDescrObject *)found;
            if (member->d_member->type == T_OBJECT_EX && PyType_IsSubtype(type, member->d_common.d_type)
                && gateway_has_version(type)) {
                gateway_remember(slot, type, NULL, name);
                slot->offset = member->d_member->offset;
            }
        }
    }
    return PyObject_GetAttr(object, name);
}

__attribute__((unused)) static inline PyObject *
gateway_get_attribute(gateway_slot *slot, PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    if (__builtin_expect(type == slot->type && name == slot->name && type->tp_version_tag == slot->version, 1)) {
        PyObject *value = *(PyObject **)((char *)object + slot->offset);
        if (__builtin_expect(value != NULL, 1)) {
            Py_INCREF(value);
            return value;
        }
    }
    return gateway_learn_slot(slot, object, name);
}

#define PyObject_GetAttr(object, name) \
    __extension__({ static gateway_slot gateway_here; gateway_get_attribute(&gateway_here, (object), (name)); })

#endif

#if defined(__GNUC__) && !defined(PYPY_VERSION) && !defined(Py_GIL_DISABLED) && PY_VERSION_HEX < 0x030c0000

/* A name of a module, at one place: always the same one. Each state of each dictionary has a version of its own, so the
 * value is there, alive and the same, as long as that has not changed. Python 3.12 says that this version will go, and
 * 3.14 has none. */
typedef struct {
    uint64_t version;
    PyObject *value;
} gateway_name;

PyObject *CPyDict_GetItem(PyObject *dict, PyObject *key);

__attribute__((unused)) static inline PyObject *
gateway_get_global(gateway_name *here, PyObject *names, PyObject *name)
{
    if (__builtin_expect(((PyDictObject *)names)->ma_version_tag == here->version, 1)) {
        Py_INCREF(here->value);
        return here->value;
    }
    PyObject *value = CPyDict_GetItem(names, name);
    if (value != NULL) {
        here->value = value;
        here->version = ((PyDictObject *)names)->ma_version_tag;
    }
    return value;
}

#define GATEWAY_GLOBAL(names, name) \
    __extension__({ static gateway_name gateway_here; gateway_get_global(&gateway_here, (names), (name)); })

#else
#define GATEWAY_GLOBAL(names, name) CPyDict_GetItem((names), (name))
#endif
#endif
