# Whose home this is. home-manager refuses to activate where USER and HOME are not these two, so install-container.sh writes the
# container's own into its copy of this file: evaluation stays pure, and any UID with any HOME is served.
{
  username = "code";
  homeDirectory = "/home/code";
}
