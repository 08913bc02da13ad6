../capture_try/dbg/src_base_printing.cpp.o: src/base/printing.cpp \
 src/base/printing.hpp
