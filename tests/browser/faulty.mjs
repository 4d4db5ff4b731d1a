// A site whose feed lists two pages that are none; says where it is.
import { createServer } from "node:http";

const server = createServer((request, answer) => {
  const base = `http://${request.headers.host}`;
  const item = (slug, title) => `<item><title>${title}</title><link>${base}/${slug}</link></item>`;
  if (request.url === "/feed") {
    const items = item("harbour", "The harbour opens again") + item("minaa", "إعادة فتح الميناء القديم");
    answer.end(`<rss version="2.0"><channel><title>A site with faults</title>${items}</channel></rss>`);
  } else if (request.url === "/robots.txt") {
    answer.writeHead(404).end();
  } else {
    answer.end(`%PDF-1.7\n<script>alert(1)</script>\n${"إعادة فتح الميناء ".repeat(50)}`);
  }
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
