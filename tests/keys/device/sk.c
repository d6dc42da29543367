/* A FIDO2 authenticator in software for tests: the interface of OpenSSH's sk-api.h (version 10), its signatures by a
   Python beside it. It wants the PIN 4711 where user verification is asked for, and notes each try in a file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sk_option { char *name; char *value; uint8_t required; };
struct sk_enroll_response {
    uint8_t flags;
    uint8_t *public_key; size_t public_key_len;
    uint8_t *key_handle; size_t key_handle_len;
    uint8_t *signature; size_t signature_len;
    uint8_t *attestation_cert; size_t attestation_cert_len;
    uint8_t *authdata; size_t authdata_len;
};
struct sk_sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r; size_t sig_r_len;
    uint8_t *sig_s; size_t sig_s_len;
};
enum { GENERAL = -1, UNSUPPORTED = -2, PIN_REQUIRED = -3, NO_DEVICE = -4, VERIFY = 0x04, ED25519 = 1 };

static char *hex(const uint8_t *data, size_t len) {
    char *out = calloc(1, 2 * len + 1);
    for (size_t at = 0; out && at < len; at++) sprintf(out + 2 * at, "%02x", data[at]);
    return out;
}

/* what the Python beside it answers, as bytes */
static size_t ask(const char *what, const char *a, const char *b, const char *c, uint8_t *into, size_t most) {
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1024, got = 0;
    char *command = malloc(size);
    snprintf(command, size, "%s %s %s %s %s", getenv("TEST_DEVICE"), what, a, b, c);
    FILE *said = popen(command, "r");
    unsigned int byte;
    while (said && got < most && fscanf(said, "%2x", &byte) == 1) into[got++] = (uint8_t)byte;
    if (said) pclose(said);
    free(command);
    return got;
}

static int may(uint8_t flags, const char *pin) {
    const char *away = getenv("TEST_DEVICE_AWAY");
    if (away && *away) return NO_DEVICE;
    const char *tries = getenv("TEST_DEVICE_TRIES");
    FILE *log = tries && pin ? fopen(tries, "a") : NULL;
    if (log) {
        fprintf(log, "%s\n", pin);
        fclose(log);
    }
    return (flags & VERIFY) && (!pin || strcmp(pin, "4711")) ? PIN_REQUIRED : 0;
}

static uint8_t *copied(const uint8_t *data, size_t len) {
    uint8_t *made = malloc(len);
    memcpy(made, data, len);
    return made;
}

uint32_t sk_api_version(void) { return 0x000a0000; }

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
              const char *pin, struct sk_option **options, struct sk_enroll_response **response) {
    uint8_t both[64];
    int why = may(flags, pin);
    if (alg != ED25519) return UNSUPPORTED;
    if (why) return why;
    if (ask("make", "-", "-", "-", both, sizeof both) != 64) return GENERAL;
    struct sk_enroll_response *made = calloc(1, sizeof *made);
    made->flags = flags;
    made->key_handle = copied(both, 32);
    made->key_handle_len = 32;
    made->public_key = copied(both + 32, 32);
    made->public_key_len = 32;
    made->signature = calloc(1, 64);
    made->signature_len = 64;
    *response = made;
    return 0;
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *key_handle,
            size_t key_handle_len, uint8_t flags, const char *pin, struct sk_option **options,
            struct sk_sign_response **response) {
    uint8_t signature[64];
    char flag[8];
    int why = may(flags, pin);
    if (alg != ED25519) return UNSUPPORTED;
    if (why) return why;
    char *key = hex(key_handle, key_handle_len), *message = hex(data, data_len);
    char *app = hex((const uint8_t *)application, strlen(application));
    size_t size = strlen(message) + 16;
    char *told = malloc(size);
    snprintf(flag, sizeof flag, "%02x", flags);
    snprintf(told, size, "%s %s", flag, message);
    size_t got = ask("sign", key, app, told, signature, sizeof signature);
    free(key); free(message); free(app); free(told);
    if (got != 64) return GENERAL;
    struct sk_sign_response *made = calloc(1, sizeof *made);
    made->flags = flags;
    made->counter = 7;
    made->sig_r = copied(signature, 64);
    made->sig_r_len = 64;
    *response = made;
    return 0;
}

int sk_load_resident_keys(const char *pin, struct sk_option **options, void ***keys, size_t *count) {
    (void)pin; (void)options; (void)keys; (void)count;
    return UNSUPPORTED;
}
