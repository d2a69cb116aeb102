#!/usr/bin/env bash
# rustdoc with leave to write JSON, which stable compilers keep behind this variable. Set for rustdoc alone: build scripts
# of dependencies look at it, and all would be built again.
export RUSTC_BOOTSTRAP=1
exec "${REAL_RUSTDOC:-rustdoc}" "$@"
