# Is a program of NUL, which no parser takes, inside a run that ends as any other.
# outcome: raised
# says:
exec("\x00")
