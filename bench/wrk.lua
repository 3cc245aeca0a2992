-- How the benches drive wrk: wrk -s bench/wrk.lua URL -- DELAY_MS TARGETS COUNT
--   DELAY_MS  each connection waits that long on average before it asks again; 0: not at all
--   TARGETS   a file of targets, one a line, to ask for in turn; "-": only the URL's
--   COUNT     stop when so many were answered; 0: when the time is over
-- Prints one line of JSON. Times are in microseconds.

local targets, asked, left = {}, 0, 0

function init(args)
    local delay_ms = tonumber(args[1])
    left = tonumber(args[3])
    if args[2] ~= "-" then
        for line in io.lines(args[2]) do
            targets[#targets + 1] = wrk.format("GET", line)
        end
        function request()
            asked = asked % #targets + 1
            return targets[asked]
        end
    end
    if delay_ms > 0 then
        function delay()
            return math.random(0, 2 * delay_ms)
        end
    end
    if left > 0 then
        function response()
            left = left - 1
            if left == 0 then
                -- A stopped thread alone would not end wrk, and a signal that comes before it waits for one is lost.
                os.execute("while kill -INT $PPID; do sleep 0.05; done >/dev/null 2>&1 &")
            end
        end
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "us": %d, "p50_us": %d, "p99_us": %d, "max_us": %d, "failed": %d, "refused": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
        errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
