/* neighbour.c: libbarker.a in one program with another static library that is written in Rust. */
#include "check.h"

int32_t neighbour(void);

int main(void)
{
    const uint8_t *hello = (const uint8_t *)"hello";
    barker_buffer timestamp = {0}, signature = {0};
    barker_webhook *hook = barker_webhook_new();
    check_begin();
    CHECK_EQUAL(neighbour(), 1);
    CHECK_OK(barker_webhook_sign(hook, "1566234234.123456", hello, 5, &timestamp, &signature));
    CHECK_TEXT((char *)signature.data, "db1541f495c52e2985cd5744441db766");
    CHECK_EQUAL(neighbour(), 1);
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    barker_webhook_free(hook);
    return check_end("neighbour");
}
