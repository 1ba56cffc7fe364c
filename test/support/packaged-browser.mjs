// Unpacks the browser of @sparticuz/chromium and prints where it is and the flags it needs.
import chromium from '@sparticuz/chromium';

const executablePath = await chromium.executablePath();
process.stdout.write(JSON.stringify({ executablePath, args: chromium.args }));
