/* redaction.primitives.openssl: what redaction/primitives/pure.py computes, in one call each, by OpenSSL 3.
 *
 * Same arguments, same results, same errors; the other file says what they are. Keys that this file copies are wiped
 * before it returns. Its contexts keep what the last call expanded until the next call or `forget`.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3 or newer is needed"
#endif

typedef unsigned char octet;

enum {
    VERSION = 1, KEY = 32, SALT = 16, ID = 16, COMMITMENT = 16, NONCE = 12, TAG = 16, LEAF = 5,
    AT_PERIOD = 1, AT_LEAF = 5, AT_CHECK = 10, AT_SALT = 14, AT_COMMITMENT = 30, HEADER = 46,
    AAD_START = 31, LABEL_LIMIT = 256, AAD_LIMIT = AAD_START + LABEL_LIMIT,
    BLOCK_512 = 128, OUT_512 = 64, BLOCK_256 = 64, OUT_256 = 32, BLOCK_LIMIT = BLOCK_512,
    SEGMENT = 160, OVERHEAD = 64
};
#define PLAINTEXT_LIMIT (1 << 24)

static EVP_MD *sha256, *sha512;
static EVP_CIPHER *aes_gcm;
static EVP_MD_CTX *hash_sha256, *hash_sha512;
static EVP_CIPHER_CTX *seal_cipher, *open_cipher;
static PyObject *integrity_error, *wrong_key, *unknown_version;
static uint32_t crc_of[256];

typedef struct {
    const octet *at;
    Py_ssize_t size;
} octets;

/* ------------------------------------------------------------------------------------------------------ arguments */

static int
counted(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted) {
        return 1;
    }
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", name, wanted, given);
    return 0;
}

/* size: how many octets they must be, or -1. */
static int
take(PyObject *given, Py_ssize_t size, const char *name, octets *taken)
{
    if (!PyBytes_Check(given)) {
        PyErr_Format(PyExc_TypeError, "%s must be bytes", name);
        return 0;
    }
    taken->at = (const octet *)PyBytes_AS_STRING(given);
    taken->size = PyBytes_GET_SIZE(given);
    if (size >= 0 && taken->size != size) {
        PyErr_Format(PyExc_ValueError, "%s has %zd bytes", name, size);
        return 0;
    }
    return 1;
}

static int
take_number(PyObject *given, int bits, const char *name, uint64_t *taken)
{
    *taken = PyLong_AsUnsignedLongLong(given);
    if (*taken == (uint64_t)-1 && PyErr_Occurred()) {
        return 0;
    }
    if (bits < 64 && *taken >> bits) {
        PyErr_Format(PyExc_OverflowError, "%s has more than %d bits", name, bits);
        return 0;
    }
    return 1;
}

static int
failed(void)
{
    PyErr_SetString(PyExc_RuntimeError, "OpenSSL refused");
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- arithmetic */

static void
put(octet *to, uint64_t number, int size)
{
    while (size--) {
        to[size] = (octet)number;
        number >>= 8;
    }
}

static uint64_t
get(const octet *from, int size)
{
    uint64_t number = 0;
    for (int at = 0; at < size; at++) {
        number = number << 8 | from[at];
    }
    return number;
}

static void
make_crc_table(void)
{
    for (uint32_t number = 0; number < 256; number++) {
        uint32_t crc = number;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        }
        crc_of[number] = crc;
    }
}

/* CRC-32 of AAD and leaf. */
static uint32_t
context_check(const octet *aad, size_t size, const octet *leaf)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t at = 0; at < size; at++) {
        crc = crc_of[(crc ^ aad[at]) & 0xFF] ^ crc >> 8;
    }
    for (size_t at = 0; at < LEAF; at++) {
        crc = crc_of[(crc ^ leaf[at]) & 0xFF] ^ crc >> 8;
    }
    return ~crc;
}

/* HMAC (RFC 2104) of two parts under a key that is no longer than a block. */
static int
hmac(EVP_MD_CTX *hash, int block, int out, octets key, octets first, octets second, octet *result)
{
    octet padded[BLOCK_LIMIT];
    memset(padded, 0x36, block);
    for (Py_ssize_t at = 0; at < key.size; at++) {
        padded[at] ^= key.at[at];
    }
    int done = EVP_DigestInit_ex2(hash, NULL, NULL) && EVP_DigestUpdate(hash, padded, block)
        && EVP_DigestUpdate(hash, first.at, first.size) && EVP_DigestUpdate(hash, second.at, second.size)
        && EVP_DigestFinal_ex(hash, result, NULL);
    for (int at = 0; at < block; at++) {
        padded[at] ^= 0x36 ^ 0x5C;
    }
    done = done && EVP_DigestInit_ex2(hash, NULL, NULL) && EVP_DigestUpdate(hash, padded, block)
        && EVP_DigestUpdate(hash, result, out) && EVP_DigestFinal_ex(hash, result, NULL);
    OPENSSL_cleanse(padded, sizeof padded);
    return done || failed();
}

/* What a sealed field is bound to. */
typedef struct {
    octet at[AAD_LIMIT];
    int size;
} bound;

static int
bind_to(PyObject *customer, PyObject *message_id, PyObject *label, bound *aad)
{
    uint64_t number;
    octets id, rest;
    if (!take_number(customer, 64, "customer", &number) || !take(message_id, ID, "a message id", &id)
        || !take(label, -1, "label", &rest)) {
        return 0;
    }
    if (rest.size > LABEL_LIMIT) {
        PyErr_SetString(PyExc_ValueError, "label is too long");
        return 0;
    }
    put(aad->at, 1, 2);
    aad->at[2] = VERSION;
    put(aad->at + 3, 8, 2);
    put(aad->at + 5, number, 8);
    put(aad->at + 13, ID, 2);
    memcpy(aad->at + 15, id.at, ID);
    memcpy(aad->at + AAD_START, rest.at, rest.size);
    aad->size = AAD_START + (int)rest.size;
    return 1;
}

/* 64 octets: cipher key, commitment, nonce. */
static int
derive_material(PyObject *leaf_key, PyObject *customer_key, octets salt, const bound *aad, octet *material)
{
    octets one, other;
    if (!take(leaf_key, KEY, "a leaf key", &one) || !take(customer_key, KEY, "a customer key", &other)) {
        return 0;
    }
    octet secret[2 * KEY];
    memcpy(secret, one.at, KEY);
    memcpy(secret + KEY, other.at, KEY);
    int done = hmac(hash_sha512, BLOCK_512, OUT_512, (octets){secret, sizeof secret}, salt,
                    (octets){aad->at, aad->size}, material);
    OPENSSL_cleanse(secret, sizeof secret);
    return done;
}

static Py_ssize_t
padded_size(Py_ssize_t length)
{
    Py_ssize_t segments = length < OVERHEAD ? 1 : (length + 1 - OVERHEAD + SEGMENT - 1) / SEGMENT;
    return OVERHEAD + (segments > 0 ? segments : 1) * SEGMENT;
}

/* Ciphertext and tag of `plaintext` and its padding, behind each other at `out`. */
static int
encrypt(const octet *key, const octet *nonce, const bound *aad, octets plaintext, Py_ssize_t padded, octet *out)
{
    static const octet filling[SEGMENT + OVERHEAD] = {0x80};
    int size, rest = (int)(padded - plaintext.size), final;
    if (EVP_EncryptInit_ex2(seal_cipher, NULL, key, nonce, NULL)
        && EVP_EncryptUpdate(seal_cipher, NULL, &size, aad->at, aad->size)
        && EVP_EncryptUpdate(seal_cipher, out, &size, plaintext.at, (int)plaintext.size)
        && EVP_EncryptUpdate(seal_cipher, out + plaintext.size, &size, filling, rest)
        && EVP_EncryptFinal_ex(seal_cipher, out + padded, &final)
        && EVP_CIPHER_CTX_ctrl(seal_cipher, EVP_CTRL_AEAD_GET_TAG, TAG, out + padded)) {
        return 1;
    }
    return failed();
}

static PyObject *
changed(void)
{
    PyErr_SetString(integrity_error, "sealed bytes were changed");
    return NULL;
}

/* The plaintext of a field that has the right form. */
static PyObject *
decrypt(const octet *key, const octet *nonce, octets aad, octets sealed)
{
    int size, final, length = (int)(sealed.size - HEADER - TAG);
    PyObject *padded = PyBytes_FromStringAndSize(NULL, length);
    if (padded == NULL) {
        return NULL;
    }
    octet *out = (octet *)PyBytes_AS_STRING(padded);
    if (!EVP_DecryptInit_ex2(open_cipher, NULL, key, nonce, NULL)
        || !EVP_DecryptUpdate(open_cipher, NULL, &size, aad.at, (int)aad.size)
        || !EVP_DecryptUpdate(open_cipher, out, &size, sealed.at + HEADER, length)
        || !EVP_CIPHER_CTX_ctrl(open_cipher, EVP_CTRL_AEAD_SET_TAG, TAG, (void *)(sealed.at + HEADER + length))
        || EVP_DecryptFinal_ex(open_cipher, out + length, &final) <= 0) {
        OPENSSL_cleanse(out, length);
        Py_DECREF(padded);
        return changed();
    }
    while (length && out[length - 1] == 0) {
        length--;
    }
    _PyBytes_Resize(&padded, length ? length - 1 : 0); /* the mark before the zeros goes, too */
    return padded;
}

static int
take_sealed(PyObject *given, octets *sealed)
{
    if (!take(given, -1, "sealed", sealed)) {
        return 0;
    }
    if (sealed->size < HEADER + TAG || sealed->size > PLAINTEXT_LIMIT) {
        PyErr_SetString(integrity_error, "sealed bytes are cut");
        return 0;
    }
    if (sealed->at[0] != VERSION) {
        PyErr_SetString(unknown_version, "sealed in another form");
        return 0;
    }
    return 1;
}

/* -------------------------------------------------------------------------------------------------------- functions */

static PyObject *
py_hmac_sha256(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    octets key, message;
    octet result[OUT_256];
    if (!counted("hmac_sha256", count, 2) || !take(given[0], -1, "key", &key)
        || !take(given[1], -1, "message", &message)) {
        return NULL;
    }
    if (key.size > BLOCK_256) {
        PyErr_SetString(PyExc_ValueError, "a key has at most 64 bytes");
        return NULL;
    }
    if (!hmac(hash_sha256, BLOCK_256, OUT_256, key, message, (octets){result, 0}, result)) {
        return NULL;
    }
    return PyBytes_FromStringAndSize((char *)result, OUT_256);
}

/* Cipher key, nonce and AAD, behind each other: what `open_ready` needs. */
static PyObject *
make_ready(const octet *material, const bound *aad)
{
    PyObject *ready = PyBytes_FromStringAndSize(NULL, KEY + NONCE + aad->size);
    if (ready != NULL) {
        octet *at = (octet *)PyBytes_AS_STRING(ready);
        memcpy(at, material, KEY);
        memcpy(at + KEY, material + KEY + COMMITMENT, NONCE);
        memcpy(at + KEY + NONCE, aad->at, aad->size);
    }
    return ready;
}

static PyObject *
py_seal_field(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    octets salt, plaintext;
    uint64_t period, leaf;
    bound aad;
    octet material[OUT_512];
    if (!counted("seal_field", count, 9) || !take(given[2], SALT, "a salt", &salt)
        || !bind_to(given[3], given[4], given[5], &aad) || !take_number(given[6], 32, "period", &period)
        || !take_number(given[7], 8 * LEAF, "leaf", &leaf) || !take(given[8], -1, "plaintext", &plaintext)) {
        return NULL;
    }
    if (plaintext.size > PLAINTEXT_LIMIT / 2) {
        PyErr_SetString(PyExc_ValueError, "plaintext is too long");
        return NULL;
    }
    if (!derive_material(given[0], given[1], salt, &aad, material)) {
        OPENSSL_cleanse(material, sizeof material);
        return NULL;
    }
    Py_ssize_t padded = padded_size(plaintext.size);
    PyObject *both = NULL, *sealed = PyBytes_FromStringAndSize(NULL, HEADER + padded + TAG);
    if (sealed != NULL) {
        octet *at = (octet *)PyBytes_AS_STRING(sealed);
        at[0] = VERSION;
        put(at + AT_PERIOD, period, 4);
        put(at + AT_LEAF, leaf, LEAF);
        put(at + AT_CHECK, context_check(aad.at, aad.size, at + AT_LEAF), 4);
        memcpy(at + AT_SALT, salt.at, SALT);
        memcpy(at + AT_COMMITMENT, material + KEY, COMMITMENT);
        PyObject *ready = NULL;
        if (encrypt(material, material + KEY + COMMITMENT, &aad, plaintext, padded, at + HEADER)) {
            ready = make_ready(material, &aad);
        }
        if (ready != NULL) {
            both = PyTuple_Pack(2, sealed, ready);
            Py_DECREF(ready);
        }
        Py_DECREF(sealed);
    }
    OPENSSL_cleanse(material, sizeof material);
    return both;
}

static PyObject *
py_open_ready(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    octets ready, sealed;
    if (!counted("open_ready", count, 2) || !take(given[0], -1, "ready", &ready) || !take_sealed(given[1], &sealed)) {
        return NULL;
    }
    if (ready.size < KEY + NONCE + AAD_START) {
        PyErr_SetString(PyExc_ValueError, "ready is cut");
        return NULL;
    }
    octets aad = {ready.at + KEY + NONCE, ready.size - KEY - NONCE};
    return decrypt(ready.at, ready.at + KEY, aad, sealed);
}

static PyObject *
py_leaf_in(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    octets sealed;
    bound aad;
    if (!counted("leaf_in", count, 4) || !take_sealed(given[0], &sealed)
        || !bind_to(given[1], given[2], given[3], &aad)) {
        return NULL;
    }
    if (context_check(aad.at, aad.size, sealed.at + AT_LEAF) != get(sealed.at + AT_CHECK, 4)) {
        PyErr_SetString(integrity_error, "the sealed field does not belong to this row");
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(get(sealed.at + AT_LEAF, LEAF));
}

static PyObject *
py_open_field(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    octets sealed;
    bound aad;
    octet material[OUT_512];
    if (!counted("open_field", count, 6) || !take_sealed(given[2], &sealed)
        || !bind_to(given[3], given[4], given[5], &aad)) {
        return NULL;
    }
    if (!derive_material(given[0], given[1], (octets){sealed.at + AT_SALT, SALT}, &aad, material)) {
        OPENSSL_cleanse(material, sizeof material);
        return NULL;
    }
    PyObject *plaintext = NULL;
    if (CRYPTO_memcmp(material + KEY, sealed.at + AT_COMMITMENT, COMMITMENT) != 0) {
        PyErr_SetString(wrong_key, "sealed with another key");
    } else {
        plaintext = decrypt(material, material + KEY + COMMITMENT, (octets){aad.at, aad.size}, sealed);
    }
    OPENSSL_cleanse(material, sizeof material);
    return plaintext;
}

/* ----------------------------------------------------------------------------------------------------------- module */

/* Contexts without anything of earlier calls in them. */
static int
prepare(void)
{
    return EVP_MD_CTX_reset(hash_sha256) && EVP_DigestInit_ex2(hash_sha256, sha256, NULL)
        && EVP_MD_CTX_reset(hash_sha512) && EVP_DigestInit_ex2(hash_sha512, sha512, NULL)
        && EVP_CIPHER_CTX_reset(seal_cipher) && EVP_EncryptInit_ex2(seal_cipher, aes_gcm, NULL, NULL, NULL)
        && EVP_CIPHER_CTX_reset(open_cipher) && EVP_DecryptInit_ex2(open_cipher, aes_gcm, NULL, NULL, NULL);
}

static PyObject *
py_forget(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    if (!counted("forget", count, 0)) {
        return NULL;
    }
    if (!prepare()) {
        failed();
        return NULL;
    }
    Py_RETURN_NONE;
}

#define FUNCTION(name, text) {#name, (PyCFunction)(void (*)(void))py_##name, METH_FASTCALL, PyDoc_STR(text)}
static PyMethodDef functions[] = {
    FUNCTION(forget, "Wipe what the last calls left in memory that belongs to this module."),
    FUNCTION(hmac_sha256, "HMAC-SHA-256 under a key of at most 64 bytes."),
    FUNCTION(leaf_in, "The leaf of a sealed field that belongs to this row."),
    FUNCTION(open_field, "The plaintext, under both keys."),
    FUNCTION(open_ready, "The plaintext of the field that `ready` came with."),
    FUNCTION(seal_field, "A sealed message field, and what opens it again without its keys."),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "redaction.primitives.openssl", "See redaction/primitives/pure.py.", -1, functions,
    NULL, NULL, NULL, NULL,
};

static int
fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    sha512 = EVP_MD_fetch(NULL, "SHA2-512", NULL);
    aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    hash_sha256 = EVP_MD_CTX_new();
    hash_sha512 = EVP_MD_CTX_new();
    seal_cipher = EVP_CIPHER_CTX_new();
    open_cipher = EVP_CIPHER_CTX_new();
    return sha256 && sha512 && aes_gcm && hash_sha256 && hash_sha512 && seal_cipher && open_cipher && prepare();
}

static int
find_errors(void)
{
    PyObject *errors = PyImport_ImportModule("redaction.errors");
    if (errors == NULL) {
        return 0;
    }
    integrity_error = PyObject_GetAttrString(errors, "IntegrityError");
    wrong_key = PyObject_GetAttrString(errors, "WrongKey");
    unknown_version = PyObject_GetAttrString(errors, "UnknownVersion");
    Py_DECREF(errors);
    return integrity_error && wrong_key && unknown_version;
}

PyMODINIT_FUNC
PyInit_openssl(void)
{
    make_crc_table();
    if (!find_errors()) {
        return NULL;
    }
    if (!fetch()) {
        PyErr_SetString(PyExc_ImportError, "this OpenSSL lacks what sealing needs");
        return NULL;
    }
    return PyModule_Create(&definition);
}
