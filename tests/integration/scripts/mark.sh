#!/bin/sh
echo ran >> "$GUARD_MARK"
