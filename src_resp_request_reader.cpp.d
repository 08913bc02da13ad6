/tmp/w/capture_try/dbg/src_resp_request_reader.cpp.o: \
 src/resp/request_reader.cpp src/resp/request_reader.hpp \
 src/resp/line_collector.hpp src/resp/inline_command.hpp \
 src/resp/numbers.hpp
