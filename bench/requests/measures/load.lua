-- For wrk: sends one request again and again, or those of many sessions, and reports as JSON.
--
--   wrk ... -s load.lua URL -- method [file [in-order]]
--
-- Each line of the file is the header fields of one session, tab-separated as "Name: value". They
-- are drawn at random, or taken one after the other.

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

used = 0

function init(arguments)
  wrk.method = arguments[1]
  local path = arguments[2]
  if not path then return end
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  local in_order = arguments[3] == "in-order"
  local head = wrk.format():gsub("\r\n\r\n$", "\r\n")
  math.randomseed(os.time())
  request = function()
    used = used + 1
    local line = lines[in_order and (used - 1) % #lines + 1 or math.random(#lines)]
    return head .. line:gsub("\t", "\r\n") .. "\r\n\r\n"
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "median_ms": %f, "p99_ms": %f, "max_ms": %f, "used": %d, ' ..
      '"closed": %d, "failed": %d, "refused": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, threads[1]:get("used"),
    errors.read, errors.connect + errors.write + errors.timeout, errors.status))
end
