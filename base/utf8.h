/* Private to base: characters of UTF-8 text. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

/* The code point at *s, which moves behind it; -1 for a byte that begins no valid character (*s moves by
   one). **s must not be the terminator. */
int utf8_next(const char **s);

#endif
