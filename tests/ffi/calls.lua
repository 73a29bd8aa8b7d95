-- calls.lua URL ROUNDS: makes every kind of call so often, thrice; after each time it waits for a line.
local barker = require 'barker'

local function fails(status, result, sentence, actual)
    assert(result == nil and #sentence > 0 and actual == status, sentence)
end

local url, rounds = arg[1], tonumber(arg[2])
local body = ('\0\255'):rep(200)
for _ = 1, 3 do
    local sender = assert(barker.new('BARKER', 'secret'))
    for _ = 1, rounds do
        local hook = assert(barker.new('STANDARD', 'whsec_' .. ('eHh4'):rep(8)))
        local headers
        for _ = 1, 10 do
            headers = assert(hook:sign(body))
        end
        assert(hook:verify(headers, body))
        fails(303, hook:verify(headers, ''))
        fails(300, hook:verify({}, body))
        fails(102, hook:send('http://', body))
        fails(105, barker.new('STANDARD', '?'))
        local status, answer = sender:send(url, body)
        assert(status == 204 and answer == '', answer)
    end
    collectgarbage()
    print 'done'
    io.flush()
    io.read()
end
