// The status pages in a real browser: node check.mjs ADDRESS ADDRESS_OF_FAULTS [FOLDER FOR SCREENSHOTS]
// The second address is of a daemon that has dead letters, in Latin and Arabic letters.
// Each page is looked at in light colours in a wide window and in dark ones in a narrow window, with axe-core; none may have a finding that is serious or
// critical, be wider than the window, or write anything to the console. The overview must bring itself up to date.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [address, faults, folder] = process.argv.slice(2);
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
tab.on("console", (message) => wrong.push(`${tab.url()}: ${message.text()}`));
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
for (const [name, path] of Object.entries(pages)) {
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
}

await tab.bringToFront();
await tab.goto(`${address}/`);
await tab.evaluate(() => document.querySelector("main").replaceChildren());
await tab.waitForSelector("main h1", { timeout: 20_000 }).catch(() => wrong.push("the overview does not bring itself up to date"));
await tab.setJavaScriptEnabled(false);
await tab.goto(`${address}/`);
if (!(await tab.$("main h1"))) wrong.push("the overview needs scripts");

await browser.close();
wrong.forEach((line) => console.error(line));
process.exit(wrong.length > 0 ? 1 : 0);
