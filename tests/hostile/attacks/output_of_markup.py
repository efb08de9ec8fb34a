# Writes what a page, a terminal or an editor could take for orders. It is kept as text.
# says: <script>document.title='taken'</script>
print("<script>document.title='taken'</script><img src=x onerror=alert(1)>")
print("\x1b[2J\x1b]0;taken\x07\x1b[31mred \x9b5n")
print("\u202eright to left\u2066 and \u200b\ufeff\u2028\u2029")
print("{{ 7 * 7 }} ${7*7} %s %n </pre></textarea>-->")
