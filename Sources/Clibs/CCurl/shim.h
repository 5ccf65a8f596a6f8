#ifndef AG_CCURL_SHIM_H
#define AG_CCURL_SHIM_H

#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one function per kind of
// argument.

typedef size_t (*ag_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ag_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ag_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ag_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ag_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, (void *)value);
}
static inline CURLcode ag_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ag_curl_set_receiver(CURL *easy, CURLoption option, ag_curl_receiver value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLMcode ag_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLcode ag_curl_initialise(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

// The easy handle and result of the next finished transfer, or NULL.
static inline CURL *ag_curl_next_finished(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    return NULL;
}

static const size_t ag_curl_pause = CURL_WRITEFUNC_PAUSE;
static const size_t ag_curl_error_size = CURL_ERROR_SIZE;

#endif
