// Opens the documentation site in headless Chromium, as wide as a desktop's window and as a phone's,
// light and dark: no page is wider than its window, complains, or asks for what is not there or lies
// elsewhere; the navigation opens; searching for a function leads to it. From its files, and a part
// of it from a web server.
//
//     site.js DIRECTORY    as `make docs` leaves it
"use strict";
const assert = require("assert");
const fs = require("fs");
const http = require("http");
const path = require("path");
const { pathToFileURL } = require("url");
const { chromium } = require("../build/node_modules/playwright-core");

const site = path.resolve(process.argv[2]);
const LIMIT = 60000; // milliseconds for whatever the browser is waited for
const DESKTOP = { viewport: { width: 1280, height: 800 }, colorScheme: "light" };
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true, isMobile: true };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];

function pagesBelow(folder) {
    return fs.readdirSync(path.join(site, folder), { withFileTypes: true }).flatMap((entry) => {
        const name = path.posix.join(folder, entry.name);
        return entry.isDirectory() ? pagesBelow(name) : name.endsWith(".html") ? [name] : [];
    });
}

function serve() {
    const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript",
        ".svg": "image/svg+xml", ".json": "application/json" };
    const server = http.createServer((request, response) => {
        const file = path.join(site, path.normalize(new URL(request.url, "http://x").pathname));
        fs.readFile(file, (error, data) => {
            response.writeHead(error ? 404 : 200, { "content-type": types[path.extname(file)] || "text/plain" });
            response.end(error ? "" : data);
        });
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

// A page of the browser that fails the test for each complaint and each wrong request.
async function openPage(browser, base, options, complaints) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(LIMIT);
    const page = await context.newPage();
    const complain = (what) => complaints.push(`${page.url()}: ${what}`);
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complain(message.text());
    });
    page.on("pageerror", (error) => complain(error.message));
    page.on("requestfailed", (request) => { // not one that the next page made needless
        if (request.failure().errorText !== "net::ERR_ABORTED") complain(`${request.url()} failed`);
    });
    page.on("response", (response) => {
        if (response.status() >= 400) complain(`${response.url()} is ${response.status()}`);
    });
    page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(base) && !/^(data|blob|about):/.test(url)) complain(`asks for ${url}`);
    });
    return page;
}

async function checkWidth(page, name) {
    const [wide, window] = await page.evaluate(() =>
        [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert(wide <= window, `${name} is ${wide} wide in a window of ${window}`);
    assert(await page.locator("h1").first().isVisible(), `${name} shows no heading`);
}

async function checkPages(page, base, names) {
    for (const name of names) {
        await page.goto(base + name);
        await checkWidth(page, name);
    }
}

async function checkNavigation(page, base, isPhone) {
    await page.goto(`${base}index.html`);
    if (isPhone) {
        await page.locator(".md-header label[for=__drawer]").click();
        await page.locator(".md-nav--primary > ul > li", { hasText: "Reference" })
            .locator("label.md-nav__link:visible").first().click();
        await page.locator(".md-nav--primary a:visible", { hasText: "Sending" }).click();
    } else {
        await page.locator(".md-tabs a", { hasText: "Reference" }).click();
        await page.locator(".md-sidebar--primary a:visible", { hasText: "Sending" }).click();
    }
    await page.waitForURL(/sending\.html/);
    assert.match(await page.locator("h1").innerText(), /^Sending/);
}

// Waits for the results.
async function search(page, text) {
    const input = page.locator(".md-search__input");
    await input.fill(text);
    await input.press("End"); // a key tells the page that there is something new
    await page.locator(`.md-search-result__list a[href*="h=${text}#"]`).first().waitFor();
}

function result(page, name) {
    return page.locator(`.md-search-result__list a[href$="#${name}"]`);
}

async function checkSearch(page, base, isPhone, names) {
    await page.goto(`${base}start.html`);
    if (isPhone) await page.locator(".md-header label[for=__search]").first().click();
    for (const name of names) {
        await search(page, name);
        await result(page, name).waitFor();
    }
    await search(page, "barker_webhook_send");
    await result(page, "barker_webhook_send").click();
    await page.waitForURL(/reference\/sending\.html.*#barker_webhook_send$/);
    await page.waitForFunction(() => {
        const heading = document.getElementById("barker_webhook_send").getBoundingClientRect();
        return heading.top >= 0 && heading.bottom <= innerHeight;
    });
}

// The colours follow the system, and the button changes them.
async function checkColours(page, base) {
    const scheme = () => page.locator("body").getAttribute("data-md-color-scheme");
    await page.goto(`${base}index.html`);
    const before = await scheme();
    await page.locator("label[for^=__palette]:visible").click();
    await page.waitForFunction((old) => document.body.dataset.mdColorScheme !== old, before);
    return before;
}

async function main() {
    const names = pagesBelow("");
    const functions = names.filter((name) => name.startsWith("reference/")).flatMap((name) =>
        [...fs.readFileSync(path.join(site, name), "utf8").matchAll(/<h2 class="entry" id="(\w+)">\1\(\)/g)]
            .map((match) => match[1]));
    assert(names.length > 0 && functions.length > 0, "there is no site");

    const server = await serve();
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
    const complaints = [];
    try {
        const files = pathToFileURL(site).href + "/";
        const web = `http://127.0.0.1:${server.address().port}/`;
        for (const [base, options, searched] of [[files, DESKTOP, functions], [files, PHONE, []],
            [web, DESKTOP, []]]) {
            const page = await openPage(browser, base, options, complaints);
            await checkPages(page, base, base === files ? names : ["index.html"]);
            await checkNavigation(page, base, options === PHONE);
            await checkSearch(page, base, options === PHONE, searched);
            assert.strictEqual(await checkColours(page, base), options === PHONE ? "slate" : "default");
            await page.context().close();
        }
    } finally {
        await browser.close();
        server.close();
    }
    assert.deepStrictEqual(complaints, []);
    console.log(`${names.length} pages, ${functions.length} functions`);
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
