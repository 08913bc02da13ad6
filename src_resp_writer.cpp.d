../capture_try/dbg/src_resp_writer.cpp.o: src/resp/writer.cpp \
 src/resp/writer.hpp src/base/assert.hpp
