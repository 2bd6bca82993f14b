// How each browser is started with an address, without a driver and without a window.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { executablePath as chromium, chromiumArguments } from '../browser-page/chromium-process.js';

/** By engine: the file that has to be there, and the Debian packages that bring it. */
const needed = {
  chromium: [() => chromium, 'chromium'],
  firefox: [() => onPath('firefox-esr'), 'firefox-esr'],
  webkit: [() => webKitBrowser() && onPath('WebKitWebDriver') && onPath('Xvfb'), 'webkit2gtk-driver xvfb'],
};

/** @returns why an engine cannot be started, if so */
export function whyNot(engine) {
  const [find, packages] = needed[engine];
  const file = find();
  return file && existsSync(file) ? undefined : `${engine} is not installed (apt-get install ${packages})`;
}

/**
 * @param home an empty folder for all that the browser keeps
 * @param form `private-window` for one; `little-room` has Firefox give sites 10 MB
 * @returns its process
 */
export async function open(engine, address, home, form) {
  const { start, flag } = {
    chromium: { start: openChromium, flag: ['--incognito'] },
    firefox: { start: openFirefox, flag: ['--private-window'] },
    webkit: { start: openWebKit, flag: ['--private'] },
  }[engine];
  return start([...(form === 'private-window' ? flag : []), address], home, form);
}

function openChromium(addressed, home) {
  return start(
    chromium,
    [
      '--headless',
      ...chromiumArguments,
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
      `--user-data-dir=${home}`,
      ...addressed,
    ],
    home,
  );
}

function openFirefox(addressed, home, form) {
  // In KiB, of all sites; each may have a fifth of it.
  const room = form === 'little-room' ? { 'dom.quotaManager.temporaryStorage.fixedLimit': 51_200 } : {};
  const lines = Object.entries({ ...firefoxPreferences, ...room }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(home, 'user.js'), lines.join(''));
  return start(
    onPath('firefox-esr'),
    ['--headless', '--no-remote', '--new-instance', '--profile', home, ...addressed],
    home,
  );
}

/** No page of its own, no questions, and nothing fetched that was not asked for. */
const firefoxPreferences = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  // It loads pages once more to take pictures of them.
  'browser.pagethumbnails.capturing_disabled': true,
  'browser.preonboarding.enabled': false,
  'browser.region.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.max_script_run_time': 0,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'services.settings.server': 'data:,',
  'termsofuse.bypassNotification': true,
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': 'data:,',
  'toolkit.telemetry.unified': false,
};

/** It has no mode without a window: the window is on a display that nobody sees. */
async function openWebKit(addressed, home) {
  const { display, variables } = await startDisplay('1280x1024x24');
  const browser = start(webKitBrowser(), addressed, home, variables);
  const end = () => display.kill();
  process.once('exit', end);
  browser.once('exit', end);
  return browser;
}

/** @returns the display's process, and what WebKitGTK has to be told of it */
export async function startDisplay(screen) {
  const display = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', screen, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(display.stdio[3], 'data');
  const variables = {
    DISPLAY: `:${String(number).trim()}`,
    GDK_BACKEND: 'x11',
    LIBGL_ALWAYS_SOFTWARE: '1',
    NO_AT_BRIDGE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  };
  return { display, variables };
}

function start(command, args, home, variables = {}) {
  return spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      ...variables,
    },
  });
}

export function onPath(command) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((file) => existsSync(file));
}

/** WebKitGTK's own small browser, which Debian installs outside of the PATH. */
export function webKitBrowser() {
  try {
    const installed = execFileSync('dpkg-query', ['-L', 'libwebkit2gtk-4.1-0'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return installed.split('\n').find((file) => file.endsWith('/MiniBrowser'));
  } catch {
    // No dpkg, or not that package: it is not installed as far as this can tell.
    return undefined;
  }
}
