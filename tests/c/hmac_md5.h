/* hmac_md5.h: HMAC-MD5 (RFC 1321, RFC 2104), written for the tests alone, to check the library's. */
#ifndef HMAC_MD5_H
#define HMAC_MD5_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void md5_block(uint32_t state[4], const uint8_t *block)
{
    static const uint8_t shifts[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
    static const uint32_t sines[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
        0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
        0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
        0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
        0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
        0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
        0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
        0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
        0xeb86d391,
    };
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t f;
        unsigned word;
        switch (i / 16) {
        case 0: f = (b & c) | (~b & d), word = i; break;
        case 1: f = (d & b) | (~d & c), word = (5 * i + 1) % 16; break;
        case 2: f = b ^ c ^ d, word = (3 * i + 5) % 16; break;
        default: f = c ^ (b | ~d), word = 7 * i % 16; break;
        }
        const uint8_t *p = block + 4 * word;
        f += a + sines[i] + (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
        unsigned shift = shifts[i / 16 * 4 + i % 4];
        a = d, d = c, c = b;
        b += f << shift | f >> (32 - shift);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static inline void md5(const uint8_t *data, size_t len, uint8_t digest[16])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t left = len;
    for (; left >= 64; left -= 64, data += 64)
        md5_block(state, data);
    uint8_t tail[128] = {0};
    size_t size = left < 56 ? 64 : 128;
    if (left > 0)
        memcpy(tail, data, left);
    tail[left] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        tail[size - 8 + i] = (uint8_t)((uint64_t)len * 8 >> 8 * i);
    for (size_t at = 0; at < size; at += 64)
        md5_block(state, tail + at);
    for (unsigned i = 0; i < 16; i++)
        digest[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
}

/* The Barker signature: lower-case hex of HMAC-MD5(key, timestamp ";" data). */
static inline void barker_signature(const uint8_t *key, size_t key_len, const char *timestamp,
                                    const uint8_t *data, size_t len, char hex[33])
{
    uint8_t block[64] = {0}, digest[16];
    if (key_len > 64)
        md5(key, key_len, block);
    else if (key_len > 0)
        memcpy(block, key, key_len);

    size_t timestamp_len = strlen(timestamp), inner_len = 64 + timestamp_len + 1 + len;
    uint8_t *inner = malloc(inner_len), outer[64 + 16];
    for (unsigned i = 0; i < 64; i++)
        inner[i] = block[i] ^ 0x36, outer[i] = block[i] ^ 0x5c;
    memcpy(inner + 64, timestamp, timestamp_len);
    inner[64 + timestamp_len] = ';';
    if (len > 0)
        memcpy(inner + inner_len - len, data, len);
    md5(inner, inner_len, outer + 64);
    free(inner);
    md5(outer, sizeof outer, digest);
    for (unsigned i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

#endif
