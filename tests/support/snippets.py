"""The code in the comments of the headers and in the man pages, made into programs.

A block of barker.h stands either at file scope or in a function: WRAPPERS has a function around each
of the latter, by the name that its comment describes. The program calls all of them.
"""
import re

import header

C_INCLUDES = "".join(f"#include <{name}>\n" for name in
                     ["barker.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"])
WRAPPERS = {
    "barker_buffer": """
static void print_answer(barker_webhook *hook)
{
%s}
""",
    "barker_send_many": """
static void send_to_many(const barker_webhook *original, const char **urls, size_t count)
{
    barker_webhook *hooks[2];
    {
%s    }
    {
        size_t i;
        for (i = 0; i < count; i++)
            barker_webhook_free(hooks[i]);
    }
}
""",
    "barker_engine": """
static void send_by_engine(barker_engine *engine, barker_webhook *hook, void *order)
{
%s}
""",
    "barker_retry_judge": """
static void sleep_for(uint32_t milliseconds)
{
    (void)milliseconds;
}

static void complain(const char *sentence)
{
    fprintf(stderr, "%%s\\n", sentence);
}

static void send_until_it_arrives(barker_webhook *hook)
{
%s}
""",
    "barker_webhook_verify": """
static int answer_to(const barker_webhook *hook, const barker_header *headers, size_t header_count,
                     const void *body, size_t body_len)
{
%s    return 204;
}
""",
}
# Arguments: the URL, a secret for Standard Webhooks, one for GitHub, and the header that signs the
# body for that.
MAIN = """
int main(int argc, char **argv)
{
    static const char body[] = "{\\"event\\": \\"dog.barked\\"}";
    const char *urls[2];
    barker_webhook *hook = barker_webhook_new();
    barker_engine *engine = barker_engine_new();
    barker_header headers[1];
    if (argc != 5 || barker_webhook_set_url(hook, argv[1]) != BARKER_OK
        || barker_webhook_set_secret(hook, BARKER_SCHEME_GITHUB, argv[3], strlen(argv[3]))
               != BARKER_OK)
        return 2;
    headers[0].name = "X-Hub-Signature-256";
    headers[0].value = argv[4];
    urls[0] = urls[1] = argv[1];
    print_answer(hook);
    send_to_many(hook, urls, 2);
    send_by_engine(engine, hook, NULL);
    send_until_it_arrives(hook);
    printf("notify %d\\n", notify(argv[1], argv[2], body));
    printf("is_from_github %d, changed %d\\n",
           is_from_github(argv[3], headers, 1, body, sizeof body - 1),
           is_from_github(argv[3], headers, 1, body, sizeof body - 2));
    printf("answer_to %d, changed %d\\n", answer_to(hook, headers, 1, body, sizeof body - 1),
           answer_to(hook, headers, 1, body, sizeof body - 2));
    barker_engine_free(engine);
    barker_webhook_free(hook);
    return 0;
}
"""
CPP_PROGRAM = """#include <barker.hpp>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

struct message {
    std::map<std::string, std::string> headers;
    std::string body;
};

%s
int main()
{
    return 0;
}
"""
CPP_FUNCTION = """
int block_%d(barker::webhook &hook, const barker::webhook &original, const message &request,
             const std::string &secret, const std::vector<std::string> &urls);
int block_%d(barker::webhook &hook, const barker::webhook &original, const message &request,
             const std::string &secret, const std::vector<std::string> &urls)
{
    static_cast<void>(hook), static_cast<void>(original), static_cast<void>(request);
    static_cast<void>(secret), static_cast<void>(urls);
    {
%s
    }
    return 0;
}
"""
ROFF = {r"\e": "\\", r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\-": "-", r"\&": ""}


def indented(code):
    return "".join(f"    {line}\n" if line else "\n" for line in code.split("\n"))


def blocks_of_header():
    """What each block of barker.h's comments belongs to, "" for the first comment, and its code."""
    model = header.load()
    comments = [("", model.comment), *((entry.name, entry.comment) for entry in model.entries())]
    return [(name, content) for name, comment in comments for kind, content in comment.blocks
            if kind == "code"]


def program_of_header():
    """One program of all blocks of barker.h, for C and C++."""
    parts = [C_INCLUDES]
    for name, code in blocks_of_header():
        parts.append(WRAPPERS[name] % indented(code) if name else code + "\n")
    return "\n".join([*parts, MAIN])


def blocks_of_cpp_header(path):
    """The code in the comments of barker.hpp: lines that are indented by four."""
    found = []
    for comment in re.findall(r"/\*\*(.*?)\*/", path.read_text(encoding="utf-8"), re.DOTALL):
        lines = [re.sub(r"^\s*\*(?:  (?=    )| |$)", "", line)
                 for line in comment.partition("@param")[0].split("\n")]
        text = "\n".join(line if line.startswith("    ") else "" for line in lines)
        found += [block for block in re.split(r"\n\n+", text.strip("\n")) if block.strip()]
    return found


def program_of_cpp_header(path):
    functions = [CPP_FUNCTION % (number, number, block)
                 for number, block in enumerate(blocks_of_cpp_header(path))]
    return CPP_PROGRAM % "".join(functions)


def blocks_of_man_pages(folder):
    """The code in the man pages, as a reader sees it."""
    found = []
    for page in sorted(folder.glob("*.3")):
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^\.EX\n(.*?)^\.EE$", text, re.MULTILINE | re.DOTALL):
            code = re.sub(r"\\(?:\(..|.)", lambda escape: ROFF[escape[0]], block)
            found.append(code.removesuffix("\n"))
    return found
