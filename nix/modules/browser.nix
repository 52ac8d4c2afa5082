# A browser without a screen, for MCP servers that drive one. Chromium's own sandbox needs namespaces that a restricted container
# does not give, and its shared memory is 64 MB there.
{ pkgs, ... }:
let
  headless = pkgs.writeShellScriptBin "chromium-headless" ''
    exec ${pkgs.chromium}/bin/chromium --headless --no-sandbox --disable-dev-shm-usage "$@"
  '';
in
{
  home.packages = [ headless ];

  # Where Puppeteer, Playwright's MCP server and chrome-launcher look; none of them downloads a browser of its own then. The MCP server of Chrome's
  # developer tools asks no variable: `chrome-devtools-mcp --executablePath "$CHROME_PATH"`.
  home.sessionVariables = {
    CHROME_PATH = "${headless}/bin/chromium-headless";
    PUPPETEER_EXECUTABLE_PATH = "${headless}/bin/chromium-headless";
    PUPPETEER_SKIP_DOWNLOAD = "1";
    PLAYWRIGHT_MCP_EXECUTABLE_PATH = "${headless}/bin/chromium-headless";
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD = "1";
  };
}
