package redislayer

// scriptText returns the script for a server of this run, see server.load.
func scriptText(run string) string { return "local run = '" + run + "'\n" + scriptBody }

// The operations of the script, its first argument.
const (
	opAppend  = "append"
	opRead    = "read"
	opSave    = "save"
	opLease   = "lease"
	opCancel  = "cancel"
	opRelease = "release"
	opLapsed  = "lapsed"
	opForget  = "forget"
	opLeave   = "leave"
	opTouch   = "touch"
)

// scriptBody is what keeps streams. Each call is one step for the server: nothing comes between its parts, and clocks other than
// the server's do not count.
//
// A stream is two keys: a hash, and a stream of Redis, whose entries have the offset and the time in milliseconds as their id.
// They expire together, so that the server forgets by itself what nobody wants any more. The hash has d, the snapshot; for a key
// k of messages kk, the id and the size of the newest one; and s, the state, in MessagePack:
//
//	e  the epoch
//	r  the run of the server in which it was last used
//	t  the newest offset
//	s  behind which offset nothing is missing
//	n  how many records are kept
//	b  and of how many bytes
//	a  a time before which none of them was added
//	x  the id of the newest record, where that ended the stream, or ""
//	o  the owner of the lease, or ""
//	u  until when he has it
//	l  since when it has lapsed, or 0
//	c  1 where what it stands for is to end
//	p  the time of the snapshot, or 0
//	q  its offset
//	z  when the keys expire
//
// The entries of the stream have e, the envelope; k, its key; and z, how much it counts.
//
// A server that was started again may have lost the last records, and would give their offsets again; so what it has goes on
// under a new epoch. A call knows of it without asking: the script's text names the run of the server, and a server that was
// started again does not know the script until somebody has found out which run this is. The same goes for a replica that
// takes over. Where part of a stream was evicted, it goes on under a new epoch too.
const scriptBody = `
local op, fresh, topic = ARGV[1], ARGV[2], ARGV[3]
local meta, log, leases = KEYS[1], KEYS[2], KEYS[3]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local day, idle, brief = 86400000, 900000, 60000
local s, dirty, newborn

local function num(v) return string.format('%.0f', v) end

-- open gets the stream. Where there is none, it is made, or s stays nil.
local function open(make)
  local v = redis.call('HGET', meta, 's')
  if not v then
    if not make then return end
    redis.call('DEL', log)
    s = {e = fresh, r = run, t = 0, s = 0, n = 0, b = 0, a = 0, x = '', o = '', u = 0, l = 0, c = 0, p = 0, q = 0, z = 0}
    dirty = true
    return
  end
  s = cmsgpack.unpack(v)
  if s.r ~= run then
    s.e, s.r, dirty = fresh, run, true
  end
  if redis.call('XLEN', log) ~= s.n then
    redis.call('DEL', log)
    s.e, s.s, s.n, s.b, s.x, dirty = fresh, s.t, 0, 0, '', true
  end
  if s.o ~= '' and s.u <= now then
    s.l, s.o, dirty = s.u, '', true
    if s.p > 0 then s.p = math.max(s.p, s.u) end
  end
  if s.o == '' and s.l > 0 and now - s.l >= day then
    s.l, s.c, dirty = 0, 0, true
    if topic ~= '' then redis.call('ZREM', leases, topic) end
  end
  if s.o == '' and s.p > 0 and now - s.p >= day then
    s.p, dirty = 0, true
    redis.call('HDEL', meta, 'd')
  end
end

-- close puts the stream back, which then lives for so long at least.
local function close(life)
  if s.o ~= '' or s.l > 0 or s.p > 0 or s.x ~= '' then life = math.max(life, day) end
  if s.o ~= '' then life = life + math.max(s.u - now, 0) end
  local expires = newborn or s.z < now + life
  if expires then
    s.z, dirty = math.max(s.z, now + life + math.floor(life / 4)), true
  end
  if dirty then redis.call('HSET', meta, 's', cmsgpack.pack(s)) end
  if expires then
    redis.call('PEXPIREAT', meta, num(s.z))
    redis.call('PEXPIREAT', log, num(s.z))
  end
end

-- entry takes apart an entry of the stream.
local function entry(e)
  local offset, at = string.match(e[1], '^(%d+)-(%d+)$')
  return {id = e[1], offset = tonumber(offset), at = tonumber(at), envelope = e[2][2], key = e[2][4], size = tonumber(e[2][6])}
end

-- trim lets go of what is too much or too old: of a thousand records at most, the next call goes on.
local function trim(messages, bytes, ttl)
  local from, last, work = '-', nil, 1000
  while s.n > 0 and work > 0 and (s.n > messages or s.b > bytes and s.n > 1 or now - s.a >= ttl) do
    local batch = redis.call('XRANGE', log, from, '+', 'COUNT', math.min(math.max(s.n - messages, 1), 8))
    if #batch == 0 then break end
    for _, e in ipairs(batch) do
      local r = entry(e)
      local much = s.n > messages or s.b > bytes and s.n > 1
      local life = r.id == s.x and math.max(ttl, day) or ttl
      if not much and now - r.at < life then
        s.a, dirty, work = r.at, true, 0
        break
      end
      if r.id == s.x then s.x = '' end
      if r.key ~= '' and string.match(redis.call('HGET', meta, 'k' .. r.key) or '', '^%S+') == r.id then
        redis.call('HDEL', meta, 'k' .. r.key)
      end
      s.n, s.b, s.s, last, dirty, work = s.n - 1, s.b - r.size, r.offset, r, true, work - 1
      from = '(' .. r.id
    end
  end
  if s.n == 0 then
    if last then redis.call('DEL', log) end
  elseif last then
    redis.call('XTRIM', log, 'MINID', num(last.offset + 1) .. '-0')
  end
end

local ops = {}

function ops.append()
  local channel, owner = ARGV[4], ARGV[5]
  local messages, bytes, ttl, latest = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1'
  local key, size, ends, envelope = ARGV[10], tonumber(ARGV[11]), ARGV[12], ARGV[13]
  open(true)
  if owner ~= '' and owner ~= s.o then return false end
  local id = num(s.t + 1) .. '-' .. num(now)
  redis.call('XADD', log, id, 'e', envelope, 'k', key, 'z', num(size))
  if s.n == 0 then s.a, newborn = now, true end
  s.t, s.n, s.b, dirty = s.t + 1, s.n + 1, s.b + size, true
  if latest and key ~= '' then
    local old, oldSize = string.match(redis.call('HGET', meta, 'k' .. key) or '', '^(%S+) (%d+)$')
    if old and redis.call('XDEL', log, old) == 1 then
      s.n, s.b = s.n - 1, s.b - tonumber(oldSize)
    end
    redis.call('HSET', meta, 'k' .. key, id .. ' ' .. num(size))
  end
  s.x = ends ~= '' and id or ''
  if ends ~= '' and owner ~= '' then
    s.o, s.c = '', 0
    if s.p > 0 then s.p = now end
    if ends == 'interrupted' then
      s.l = now
      redis.call('ZADD', leases, num(now), topic)
    else
      s.l = 0
      redis.call('ZREM', leases, topic)
    end
  end
  trim(messages, bytes, ttl)
  close(math.max(ttl, idle))
  redis.call('SPUBLISH', channel, 'r' .. s.e .. ' ' .. num(s.t) .. ' ' .. envelope)
  return {s.e, s.t}
end

function ops.read()
  local messages, bytes, ttl = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
  local after, limit, room = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
  open(limit >= 0)
  if not s then return {} end
  trim(messages, bytes, ttl)
  close(math.max(ttl, idle))
  local page = {s.e, s.t, s.s, s.o, s.l > 0 and s.o == '' and 1 or 0, s.q, false, '', ''}
  if s.p > 0 then page[7] = redis.call('HGET', meta, 'd') end
  if s.x ~= '' then
    page[8], page[9] = s.x, redis.call('XRANGE', log, s.x, s.x)[1][2][2]
  end
  local from, got, size, full = num(after + 1) .. '-0', 0, 0, after >= s.t
  local typical = math.max(1, s.b / math.max(1, s.n))
  while got < limit and not full and (got == 0 or size < room) do
    local want = math.min(limit - got, math.floor((room - size) / typical) + 1)
    local batch = redis.call('XRANGE', log, from, '+', 'COUNT', num(want))
    full = #batch < want
    for _, e in ipairs(batch) do
      local r = entry(e)
      size = size + r.size
      if size > room and got > 0 then
        full = true
        break
      end
      got, from = got + 1, '(' .. r.id
      page[#page + 1], page[#page + 2] = r.offset, r.envelope
    end
  end
  return page
end

function ops.save()
  local owner, ttl, envelope = ARGV[4], tonumber(ARGV[5]), ARGV[6]
  open(true)
  if owner ~= '' and owner ~= s.o then return false end
  redis.call('HSET', meta, 'd', envelope)
  s.p, s.q, dirty = now, s.t, true
  close(math.max(ttl, idle))
  return {s.e, s.t}
end

function ops.lease()
  local owner, d = ARGV[4], tonumber(ARGV[5])
  open(true)
  if s.o ~= '' and s.o ~= owner then return false end
  s.o, s.u, dirty = owner, now + d, true
  close(idle)
  redis.call('ZADD', leases, num(s.u), topic)
  return s.c
end

function ops.cancel()
  open(false)
  if s and (s.o ~= '' or s.l > 0) then
    s.c, dirty = 1, true
    close(idle)
  end
  return 0
end

function ops.release()
  local owner = ARGV[4]
  open(false)
  if not s or s.o ~= owner then return 0 end
  s.o, dirty = '', true
  if s.l > 0 then
    redis.call('ZADD', leases, num(s.l), topic)
  else
    s.c = 0
    redis.call('ZREM', leases, topic)
  end
  close(idle)
  return 0
end

function ops.lapsed()
  redis.call('ZREMRANGEBYSCORE', leases, '-inf', num(now - day))
  return redis.call('ZRANGEBYSCORE', leases, '-inf', num(now))
end

function ops.forget()
  open(false)
  if s and s.o ~= '' then return false end
  redis.call('DEL', meta, log)
  redis.call('ZREM', leases, topic)
  return 0
end

-- leave is for a stream to which a process does not subscribe any more. One of which nothing is known is soon forgotten: pages
-- may make up names.
function ops.leave()
  local channel = ARGV[4]
  open(false)
  if s and s.t == 0 and s.p == 0 and s.o == '' and s.l == 0 and redis.call('PUBSUB', 'SHARDNUMSUB', channel)[2] == 0 then
    s.z, dirty = now + brief, true
    redis.call('PEXPIREAT', meta, num(s.z))
    redis.call('HSET', meta, 's', cmsgpack.pack(s))
  end
  return 0
end

-- touch is for streams to which a process subscribes: two keys for each, and no topic.
function ops.touch()
  for i = 1, #KEYS, 2 do
    meta, log = KEYS[i], KEYS[i + 1]
    s, dirty, newborn = nil, nil, nil
    open(false)
    if s then close(idle + idle) end
  end
  return 0
end

return ops[op]()
`
