-- Asks a model the questions of a corpus and counts the right answers: see README.md for what is right.
--   llmspell run tools/apprentice/evaluate.lua [--model MODEL] [--wrong N] [--every N] CORPUS.txt ...
-- --wrong shows the first N wrong replies; --every takes only each Nth question and conversation that was trained on.
local model = ARGS.model or "local/apprentice@candle"
local show = tonumber(ARGS.wrong or 0)
local every = tonumber(ARGS.every or 1)
local HELD_BACK_ONE_IN = 8
local HONEST = "I am a tiny demonstration model"

-- The 32-bit FNV-1a hash, as records.py computes it.
local function fnv1a(text)
    local value = 2166136261
    for i = 1, #text do
        value = ((value ~ text:byte(i)) * 16777619) & 0xFFFFFFFF
    end
    return value
end

-- The records of a file: lists of turns {questions, answer}.
local function read(file)
    local records, record, questions, answer = {}, nil, nil, nil
    local function finish()
        if record and answer then
            record[#record + 1] = { questions = questions, answer = table.concat(answer, "\n") }
            records[#records + 1] = record
        end
        record, questions, answer = nil, nil, nil
    end
    for line in io.lines(file) do
        line = line:gsub("%s+$", "")
        local kind, rest = line:match("^([SQA]):%s*(.*)$")
        if line:sub(1, 1) == "#" and not answer then
            -- a comment
        elseif line == "" then
            finish()
        else
            record = record or {}
            if kind == "S" and not questions then
                record.system = rest
            elseif kind == "Q" then
                if answer then
                    record[#record + 1] = { questions = questions, answer = table.concat(answer, "\n") }
                    questions, answer = nil, nil
                end
                questions = questions or {}
                questions[#questions + 1] = rest
            elseif kind == "A" and not answer then
                answer = { rest }
            else
                answer[#answer + 1] = line
            end
        end
    end
    finish()
    return records
end

local function words(text)
    return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

local function is_right(topic, expected, reply)
    if topic == "outside" or topic == "invented" then
        return reply:match("^%s*(.*)$"):sub(1, #HONEST) == HONEST
    end
    return words(expected) == words(reply)
end

local agents = {}
local function agent_for(system)
    local key = system or ""
    agents[key] = agents[key] or Agent.create({
        model = model, system_prompt = system, temperature = 0, repeat_penalty = 1, max_tokens = 300,
    })
    agents[key]:reset()
    return agents[key]
end

local total = {}
local function count(set, topic, good, question, expected, reply)
    for _, key in ipairs({ set, set .. "\t" .. topic }) do
        total[key] = total[key] or { right = 0, all = 0 }
        total[key].all = total[key].all + 1
        total[key].right = total[key].right + (good and 1 or 0)
    end
    if not good and show > 0 then
        show = show - 1
        print(("[%s, %s] %s\n  expected: %s\n  replied:  %s"):format(set, topic, question, words(expected), words(reply)))
    end
end

-- What conversations were trained on is not held back, wherever else it stands.
local files, in_dialogues = {}, {}
for i, file in ipairs(ARGS) do
    files[i] = { topic = file:match("([^/\\]+)%.txt$") or file, records = read(file) }
    for _, record in ipairs(files[i].records) do
        for _, turn in ipairs(#record > 1 and record or {}) do
            for _, question in ipairs(turn.questions) do in_dialogues[question] = true end
        end
    end
end

local asked = 0
local function due()
    asked = asked + 1
    return asked % every == 0
end

for _, file in ipairs(files) do
    local topic = file.topic
    for _, record in ipairs(file.records) do
        if #record == 1 then
            for i, question in ipairs(record[1].questions) do
                local held = (i > 1 or topic == "outside") and fnv1a(question) % HELD_BACK_ONE_IN == 0
                if not (held and in_dialogues[question]) and (held or due()) then
                    local reply = agent_for(record.system):complete(question)
                    local expected = record[1].answer
                    count(held and "held back" or "trained on", topic, is_right(topic, expected, reply), question, expected, reply)
                end
            end
        elseif due() then
            local agent = agent_for(record.system)
            for _, turn in ipairs(record) do
                local reply = agent:complete(turn.questions[1])
                count("turns of dialogues", topic, is_right(topic, turn.answer, reply), turn.questions[1], turn.answer, reply)
            end
        end
    end
end

local keys = {}
for key in pairs(total) do keys[#keys + 1] = key end
table.sort(keys)
for _, key in ipairs(keys) do
    local set, topic = key:match("^(.-)\t(.*)$")
    print(("%-20s %-14s %5d of %5d right (%.1f%%)"):format(
        set or key, topic or "all", total[key].right, total[key].all, 100 * total[key].right / total[key].all))
end
