../capture_try/dbg/src_resp_scanner.cpp.o: src/resp/scanner.cpp \
 src/resp/scanner.hpp src/resp/line_collector.hpp src/resp/message.hpp \
 src/base/assert.hpp src/resp/numbers.hpp
