#ifndef AG_CSSL_SHIM_H
#define AG_CSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#endif
