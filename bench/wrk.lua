-- Sends requests picked at random from files that the runner wrote, and prints one line of JSON.
-- Arguments: SEED FILE:PERCENT..., a file holding whole requests, each ended by a NUL.
-- Everything is built before the clock starts; a request costs one or two random numbers.

local count = 0

function setup(thread)
  count = count + 1
  thread:set("number", count)
end

local random = math.random
local first, first_size, pools, single

local function read(path)
  local file = assert(io.open(path, "rb"))
  local requests = {}
  for request in file:read("*a"):gmatch("[^%z]+") do
    requests[#requests + 1] = request
  end
  file:close()
  assert(#requests > 0, path .. " holds no request")
  return requests
end

function init(args)
  math.randomseed(tonumber(args[1]) * 1000 + number)
  pools = {}
  local total = 0
  for i = 2, #args do
    local path, percent = args[i]:match("^(.*):(%d+)$")
    total = total + tonumber(percent)
    pools[#pools + 1] = { requests = read(path), upto = total }
  end
  assert(total == 100, "the shares make " .. total .. " percent")
  first, single = pools[1].requests, #pools == 1
  first_size = #first
end

function request()
  if single then
    return first[random(first_size)]
  end
  local pick = random(100)
  for i = 1, #pools do
    if pick <= pools[i].upto then
      local requests = pools[i].requests
      return requests[random(#requests)]
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local function ms(percent)
    return latency:percentile(percent) / 1000
  end
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p90":%.3f,"p95":%.3f,"p99":%.3f,'
      .. '"max":%.3f,"status_errors":%d,"socket_errors":%d,"timeouts":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, ms(50), ms(90), ms(95), ms(99),
    latency.max / 1000, errors.status, errors.connect + errors.read + errors.write, errors.timeout
  ))
end
