// The status pages in a real browser: node check.mjs ADDRESS ADDRESS_OF_FAULTS TOKEN [FOLDER FOR SCREENSHOTS]
// The second address is of a daemon that has dead letters, in Latin and Arabic letters, and that the token may change.
// Each page is looked at in light colours in a wide window and in dark ones in a narrow window, with axe-core; none may have a finding that is serious or
// critical, be wider than the window, or write anything to the console. The overview must bring itself up to date. The buttons of a source and of
// dead letters are pressed, without scripts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [address, faults, token, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const wrong = [];
const tab = await browser.newPage();
// The pages' own policy lets nothing in, not even the checker.
const checker = await browser.newPage();
await checker.setBypassCSP(true);
tab.on("console", (message) => {
  // A wrong token is typed below.
  if (!message.text().includes("403 (Forbidden)")) wrong.push(`${tab.url()}: ${message.text()}`);
});
tab.on("pageerror", (error) => wrong.push(`${tab.url()}: ${error.message}`));

const link = async (path, selector, of = address) => {
  await tab.goto(of + path);
  return of + (await tab.$eval(selector, (found) => found.getAttribute("href")));
};
const pages = {
  overview: `${address}/`,
  sources: `${address}/sources`,
  source: await link("/sources", "tbody tr:nth-child(3) a"),
  articles: `${address}/articles`,
  article: await link("/articles", "tbody a"),
  deadletters: `${faults}/deadletters`,
  deadletter: await link("/deadletters", "tbody a", faults),
};
const look = async (name, path) => {
  for (const [scheme, width] of [["light", 1200], ["dark", 380]]) {
    const where = `${path} (${scheme}, ${width} px)`;
    for (const page of [tab, checker]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.setViewport({ width, height: 900 });
      await page.goto(path);
    }
    const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) wrong.push(`${where}: ${overflow} px wider than the window`);
    await checker.evaluate(axe);
    const { violations } = await checker.evaluate(() => axe.run());
    for (const { id, impact, nodes } of violations) {
      const line = `${where}: ${impact} ${id}: ${nodes.map((node) => node.html).join(" ")}`;
      if (["serious", "critical"].includes(impact)) wrong.push(line);
      else console.log(line);
    }
    if (folder) await tab.screenshot({ path: `${folder}/${name}-${scheme}.png` });
  }
};
for (const [name, path] of Object.entries(pages)) await look(name, path);

await tab.bringToFront();
await tab.goto(`${address}/`);
await tab.evaluate(() => document.querySelector("main").replaceChildren());
await tab.waitForSelector("main h1", { timeout: 20_000 }).catch(() => wrong.push("the overview does not bring itself up to date"));
await tab.setJavaScriptEnabled(false);
await tab.goto(`${address}/`);
if (!(await tab.$("main h1"))) wrong.push("the overview needs scripts");


// Buttons: `press` leads to the page that a form leads to.
const press = async (words) => {
  for (const button of await tab.$$("main button")) {
    if ((await button.evaluate((it) => it.textContent)).includes(words)) {
      await Promise.all([tab.waitForNavigation(), button.click()]);
      return;
    }
  }
  wrong.push(`${tab.url()}: there is no button "${words}"`);
};
const shows = async (words) => {
  const text = await tab.$eval("main", (main) => main.innerText);
  if (!text.includes(words)) wrong.push(`${tab.url()} does not say "${words}": ${text}`);
};
const source = await link("/sources", "tbody a", faults);
await tab.goto(source);
await tab.type("input[name=token]", "not the token at all");
await press("Unlock");
await shows("this is not the token");
await tab.goto(source);
await tab.type("input[name=token]", token);
await press("Unlock");
if (tab.url() !== source) wrong.push(`the token leads to ${tab.url()}`);
await look("source-open", source);
await tab.type("input[name=reason]", "عطلة <b>");
await press("Pause");
await shows("عطلة <b>");
await press("Resume");
await press("Poll now");
await look("deadletters-open", pages.deadletters);
await look("deadletter-open", pages.deadletter);
await press("Try it again");
await shows("under way");
await tab.goto(pages.deadletters);
await press("Try these 2 again");
await shows("2 dead letters");

await browser.close();
wrong.forEach((line) => console.error(line));
process.exit(wrong.length > 0 ? 1 : 0);
