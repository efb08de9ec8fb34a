# Writes what is no text: NUL, broken UTF-8, a lone surrogate, half a character at the end of a packet.
import os
import sys

os.write(1, bytes(range(256)))
os.write(1, "я".encode()[:1])
os.write(1, b"\xed\xa0\x80\x00\xff\xfe\xc0\xaf")
sys.stdout.reconfigure(errors="surrogatepass")
print("\ud800 \udfff")
print("held")
