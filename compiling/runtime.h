/* Two things in which compiled code would differ from the interpreter, or fall behind it.
 *
 * A slice of octets whose end lies before its start is empty; mypyc's runtime (2.4) asks for a negative number of octets.
 *
 * Attributes of structs are read as the interpreter reads them.
 * mypyc knows the layout of the classes that it compiles and asks PyObject_GetAttr for everything else, which looks the
 * name up in the type at every read: 12 to 15 ns. The interpreter (PEP 659, LOAD_ATTR_SLOT) remembers at each place
 * where in the object the slot lay and checks that the type is still the same. Here every PyObject_GetAttr of the
 * generated code gets such a memory. Whatever is not a slot of a plain object goes the usual way.
 *
 * Included before each generated file (setup.py). Without GCC's or Clang's statement expressions it changes nothing.
 */
#ifndef CONNECT_GATEWAY_RUNTIME_H
#define CONNECT_GATEWAY_RUNTIME_H

#include <Python.h>
#include <structmember.h>

#define PyBytes_FromStringAndSize(octets, size) (PyBytes_FromStringAndSize)((octets), (size) < 0 ? 0 : (size))

#if defined(__GNUC__) && !defined(PYPY_VERSION) && !defined(Py_GIL_DISABLED) && PY_VERSION_HEX < 0x030c0000

/* Of the last type and name seen at one place: getattr's names differ from call to call. A version tag is given to one
 * state of one type and never again; the name is kept alive, so that no other can stand at its address. */
typedef struct {
    PyTypeObject *type;
    PyObject *name;
    unsigned int version;
    Py_ssize_t offset;
} gateway_slot;

__attribute__((noinline, unused)) static PyObject *
gateway_learn_slot(gateway_slot *slot, PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_getattro == PyObject_GenericGetAttr) {
        PyObject *found = _PyType_Lookup(type, name); /* borrowed; it also gives the type its version */
        if (found != NULL && Py_IS_TYPE(found, &PyMemberDescr_Type)) {
            PyMemberDescrObject *member = (PyMemberDescrObject *)found;
            if (member->d_member->type == T_OBJECT_EX && PyType_IsSubtype(type, member->d_common.d_type)
                && PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG)) {
                slot->type = type;
                Py_INCREF(name);
                Py_XSETREF(slot->name, name);
                slot->version = type->tp_version_tag;
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
#endif
