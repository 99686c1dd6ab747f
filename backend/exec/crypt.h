/*
 * How are a session's payloads encrypted? With a data key of KMS: AES-256-GCM, a nonce of 12 bytes
 * in front, the tag of 16 behind, no additional data. Each direction has a key of its own.
 *
 * Pure functions over keys that the caller holds and wipes; any thread.
 */
#ifndef ECSFS_EXEC_CRYPT_H
#define ECSFS_EXEC_CRYPT_H

#include "backend/base/buf.h"

#define CRYPT_KEY_LEN 32
#define CRYPT_OVERHEAD 28 /* bytes that a payload grows by */

/* Append to `out`. 0, -EBADMSG (crypt_open: it was not sealed with this key), -EIO, -ENOMEM. */
int crypt_seal(
    const unsigned char key[CRYPT_KEY_LEN], const void *plain, size_t len, struct buf *out);
int crypt_open(
    const unsigned char key[CRYPT_KEY_LEN], const void *sealed, size_t len, struct buf *out);

#endif
