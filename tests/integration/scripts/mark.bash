#!/bin/bash
echo ran >> "$GUARD_MARK"
