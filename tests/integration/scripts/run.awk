#!/usr/bin/awk -f
{ n++ }
END { exit n == 0 }
