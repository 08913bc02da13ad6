// SPDX-License-Identifier: MIT
#include "lease/scripts.hpp"

#include <array>
#include <cstddef>

#include "lease/sha1.hpp"

namespace drover::lease {
namespace {

// Offsets in GETRANGE and SETRANGE count from 0, in string.* and struct.* from 1. A key of another
// type raises WRONGTYPE at the GETRANGE, before any write. `kind` is -1 and `tok` is nil for a
// missing, foreign or newer entry, so that no comparison is true. An entry without a token is
// foreign, because no request could name it as the one to replace.
constexpr std::string_view prologue = R"lua(
local V=KEYS[1]
local h=redis.call('GETRANGE',V,0,63)
local kind,flags,newer,tok=-1,0,false,nil
if #h==64 and string.byte(h,1)==254 then
  local b=string.byte(h,2)
  newer=b<16 or b>20
  local named=string.sub(h,25,40)
  if not newer and named~=string.rep('\0',16) then
    kind,flags,tok=b-16,string.byte(h,3),named
  end
end
local function u64(at) return (struct.unpack('>I8',h,at)) end
local function now() local t=redis.call('TIME') return t[1]*1000+math.floor(t[2]/1000) end
)lua";

// Flag bit 0: a client waits without tracking. A refused PUBLISH must not make the script fail
// after its write.
constexpr std::string_view wake = R"lua(
local function wake(channel,what)
  if flags%2==1 and channel~='' then redis.pcall('PUBLISH',channel,what) end
end
)lua";

// ARGV[9]: entries stored before this time may come from a snapshot. A VALUE with grace can still
// be served as stale. ARGV[10]: the longest accepted pause after a failure. A failure from the
// future is not accepted.
constexpr std::string_view lease_body = R"lua(
local token,ttl,notify,previous,refused=ARGV[1],ARGV[3],ARGV[4]=='1',ARGV[5],ARGV[6]
local t=now()
if newer then return {4,t,0,''} end
local held=struct.pack('>I8I8',t,t+tonumber(ARGV[2]))..token..ARGV[7]
local attempts,left,old=0,0,true
if kind==1 or kind==3 then attempts=struct.unpack('>I4',h,5) end
if kind>=0 then left,old=u64(17)-t,u64(9)<tonumber(ARGV[9]) end
if kind==1 then
  if tok==token or tok==previous then
    redis.call('SETRANGE',V,8,held)
    redis.call('EXISTS',V)
    return {1,t,attempts,''}
  end
  if left>0 and not old then
    if notify and flags%2==0 then
      redis.call('SETRANGE',V,2,string.char(flags+1))
      redis.call('EXISTS',V)
    end
    return {2,t,left,h}
  end
  notify=notify or flags%2==1
elseif kind==0 and tok~=refused then
  local grace=u64(41)
  if left+grace>0 and (grace>0 or not old) then return {0,t,0,redis.call('GET',V)} end
elseif kind>0 and tok~=refused and not old then
  if kind==3 then
    local at=u64(9)
    left=at<=t and math.min(left,at+tonumber(ARGV[10])-t) or 0
  end
  if left>0 then
    if kind==2 then return {0,t,0,redis.call('GET',V)} end
    if kind==3 then return {3,t,left,redis.call('GET',V)} end
    return {5,t,left,''}
  end
end
redis.call('SET',V,struct.pack('>BBBBI4',254,17,notify and 1 or 0,0,attempts)
  ..held..ARGV[8]..string.rep('\0',8),'PX',ttl)
redis.call('EXISTS',V)
return {1,t,attempts,''}
)lua";

constexpr std::string_view renew_body = R"lua(
if kind~=1 or tok~=ARGV[1] then return 0 end
redis.call('SETRANGE',V,16,struct.pack('>I8',now()+tonumber(ARGV[2]))..tok..ARGV[3])
redis.call('EXISTS',V)
return 1
)lua";

constexpr std::string_view promote_body = R"lua(
if kind~=0 or tok~=ARGV[1] then return 0 end
local t=now()
redis.call('SET',V,struct.pack('>BBBBI4I8I8',254,17,0,0,0,t,t+tonumber(ARGV[3]))
  ..ARGV[2]..ARGV[5]..string.sub(h,49,56)..string.rep('\0',8),'PX',ARGV[4])
redis.call('EXISTS',V)
return 1
)lua";

// Never creates a key: a missing key may have been invalidated after the load began. ARGV[12]: when
// the load ended. A request that was on its way for long is executed late; the times count from
// then all the same. A value whose time has passed is not stored. Its lease is given back, so that
// nobody waits for it.
constexpr std::string_view fill_body = R"lua(
local expected,made,at=ARGV[1],ARGV[2],tonumber(ARGV[12])
local t=now()
if (kind==0 or kind==2) and tok==made then return {2,t} end
if kind<0 or kind>2 or tok~=expected then return {0,t} end
if at<=0 or at>=t then
  at=t
elseif at+tonumber(ARGV[5])+tonumber(ARGV[6])<=t then
  if kind==1 then
    redis.call('DEL',V)
    redis.call('EXISTS',V)
    wake(ARGV[11],'fill')
  end
  return {0,t}
end
local first=struct.pack('>BBBBI4',254,16+tonumber(ARGV[3]),0,0,tonumber(ARGV[4]))
local times=struct.pack('>I8I8',at,at+tonumber(ARGV[5]))
local grace=struct.pack('>I8',tonumber(ARGV[6]))
local sums=ARGV[8]..ARGV[9]..string.rep('\0',4)
redis.call('SET',V,first..times..made..grace..sums..ARGV[10],'PX',ARGV[7])
redis.call('EXISTS',V)
wake(ARGV[11],'fill')
return {1,t}
)lua";

constexpr std::string_view failure_body = R"lua(
if kind~=1 or tok~=ARGV[1] then return 0 end
local t=now()
local first=struct.pack('>BBBBI4',254,19,0,tonumber(ARGV[3]),tonumber(ARGV[2]))
local times=struct.pack('>I8I8',t,t+tonumber(ARGV[4]))
local sums=ARGV[6]..ARGV[7]..string.rep('\0',4)
redis.call('SET',V,first..times..tok..string.rep('\0',8)..sums..ARGV[8],'PX',ARGV[5])
redis.call('EXISTS',V)
wake(ARGV[9],'failure')
return 1
)lua";

constexpr std::string_view release_body = R"lua(
if kind~=1 or tok~=ARGV[1] then return 0 end
redis.call('DEL',V)
redis.call('EXISTS',V)
wake(ARGV[2],'release')
return 1
)lua";

// The marker and the key end at the same time: the marker leaves nothing to serve or to count.
constexpr std::string_view uncacheable_body = R"lua(
if kind~=1 or tok~=ARGV[1] then return 0 end
local t=now()
redis.call('SET',V,struct.pack('>BBBBI4I8I8',254,20,0,0,0,t,t+tonumber(ARGV[2]))
  ..tok..string.rep('\0',8)..string.sub(h,49,56)..string.rep('\0',8),'PX',ARGV[2])
redis.call('EXISTS',V)
wake(ARGV[3],'uncacheable')
return 1
)lua";

// One SETRANGE over bytes 2..39 (flags to token), so that each client gets one notification. An
// entry that cannot be marked, because memory is missing or the format is unknown, is deleted: less
// is served, never more.
constexpr std::string_view expire_body = R"lua(
if kind<0 and not newer then return 0 end
if kind==0 and u64(41)>0 then
  if flags%4<2 then flags=flags+2 end
  local marked=redis.pcall('SETRANGE',V,2,string.char(flags)..string.sub(h,4,16)
    ..struct.pack('>I8',math.min(u64(17),now()))..ARGV[1])
  if type(marked)=='number' then
    redis.call('EXISTS',V)
    return 1
  end
end
redis.call('DEL',V)
redis.call('EXISTS',V)
return 2
)lua";

constexpr std::string_view mark_extend_text = R"lua(
if redis.call('GET',KEYS[1])~=ARGV[1] then return 0 end
return redis.call('PEXPIRE',KEYS[1],ARGV[2])
)lua";

constexpr std::string_view mark_release_text = R"lua(
if redis.call('GET',KEYS[1])~=ARGV[1] then return 0 end
return redis.call('DEL',KEYS[1])
)lua";

/// Joins the parts to one text at compile time.
template <const std::string_view&... Parts>
struct joined {
  static constexpr auto bytes = [] {
    std::array<char, (Parts.size() + ...)> all{};
    std::size_t at = 0;
    for (const std::string_view part : {Parts...}) {
      for (const char c : part) all[at++] = c;
    }
    return all;
  }();
  static constexpr std::string_view text{bytes.data(), bytes.size()};
  static constexpr sha1_digits digits = sha1_of(text);
  static constexpr std::string_view sha1{digits.data(), digits.size()};

  static constexpr script named(script_id id, std::string_view name) {
    return {.id = id, .name = name, .text = text, .sha1 = sha1};
  }
};

constexpr std::array<script, 10> all_scripts{
    joined<prologue, lease_body>::named(script_id::lease, "lease"),
    joined<prologue, renew_body>::named(script_id::renew, "renew"),
    joined<prologue, promote_body>::named(script_id::promote, "promote"),
    joined<prologue, wake, fill_body>::named(script_id::fill, "fill"),
    joined<prologue, wake, failure_body>::named(script_id::failure, "failure"),
    joined<prologue, wake, release_body>::named(script_id::release, "release"),
    joined<prologue, wake, uncacheable_body>::named(script_id::uncacheable, "uncacheable"),
    joined<prologue, expire_body>::named(script_id::expire, "expire"),
    joined<mark_extend_text>::named(script_id::mark_extend, "mark_extend"),
    joined<mark_release_text>::named(script_id::mark_release, "mark_release"),
};

static_assert(
    [] {
      for (std::size_t i = 0; i < all_scripts.size(); ++i) {
        if (static_cast<std::size_t>(all_scripts[i].id) != i) return false;
      }
      return true;
    }(),
    "scripts stand in the order of script_id");

}  // namespace

std::span<const script> scripts() { return all_scripts; }

const script& script_of(script_id id) { return all_scripts[static_cast<std::size_t>(id)]; }

}  // namespace drover::lease
