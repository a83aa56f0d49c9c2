-- Posts photographs to a server, one after the other, and prints what came of it as JSON.
--
--     wrk -t1 -c32 -d10s -s load.lua http://127.0.0.1:3000/predict -- LIST
--
-- LIST is a file with the path of a photograph on each line. One thread: it posts thousands a
-- second, and the server needs the cores.

local threads = {} -- of done()'s environment; wrk gives every thread one of its own
local requests, turn = {}, 0
statuses = {} -- HTTP status -> answers; global, so that done() can ask the thread for it

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    for path in io.lines(args[1]) do
        local file = assert(io.open(path, "rb"))
        local headers = { ["Content-Type"] = "application/octet-stream" }
        table.insert(requests, wrk.format("POST", nil, headers, file:read("*a")))
        file:close()
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function response(status)
    local name = tostring(status)
    statuses[name] = (statuses[name] or 0) + 1
end

function done(summary, latency)
    local counts = {}
    for _, thread in ipairs(threads) do
        for status, count in pairs(thread:get("statuses")) do
            table.insert(counts, string.format('"%s": %d', status, count))
        end
    end
    local errors = summary.errors
    print(string.format(
        '{"duration_s": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "statuses": {%s}, '
            .. '"connect": %d, "read": %d, "write": %d, "timeout": %d}',
        summary.duration / 1e6,
        latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3,
        table.concat(counts, ", "),
        errors.connect,
        errors.read,
        errors.write,
        errors.timeout
    ))
end
