# usage: many-paths.pl VERSION PATHS CHANGED_ONE_IN ONLY_CHANGED LARGE_MIB TREE_FILES
# Fills /nix/store with paths, most of them tiny: a file, a link, or a folder with one file; each twentieth is a small package;
# two may be one large file and one tree of many files. One in so many differs between versions. Bundles refer to 50 of them each, of which all differ or
# none, and the last path, an environment with Nix, to the bundles: so what differs is as much work to register as it is in an image that ships nothing else.
# Prints what `nix-store --register-validity` wants to know of them.
use strict;
use warnings;

my ($version, $paths, $one_in, $only_changed, $large_mib, $tree_files) = @ARGV;
my $noise = '';

sub seed_with {
  my $seed = 7;
  $seed = ($seed * 31 + ord) % 2147483647 for split //, join ' ', @_;
  srand($seed + 1);
}

sub store_path {
  my ($name, $key) = @_;
  seed_with($name, $key);
  my @letters = split //, '0123456789abcdfghijklmnpqrsvwxyz';
  return '/nix/store/' . join('', map { $letters[int(rand(32))] } 1 .. 32) . "-$name";
}

sub write_file {
  my ($file, $text, $size) = @_;
  open my $out, '>', $file or die "$file: $!";
  print $out $text;
  for (my $left = $size; $left > 0; $left -= 65536) {
    my $part = $left < 65536 ? $left : 65536;
    print $out substr($noise, int(rand(length($noise) - $part)), $part);
  }
  close $out or die "$file: $!";
}

sub make_tree {
  my ($folder, $files, $size) = @_;
  mkdir $folder or die "$folder: $!";
  for my $file (0 .. $files - 1) {
    my $sub = sprintf '%s/%03d', $folder, int($file / 25);
    mkdir $sub if $file % 25 == 0;
    write_file("$sub/$file", "$folder $file\n", int(rand(2 * $size)));
  }
}

sub registration {
  my ($path, @references) = @_;
  print join("\n", $path, '', scalar @references, @references), "\n";
}

sub make_path {
  my ($path, $number) = @_;
  if ($number % 20 == 7) {
    make_tree($path, 20, 2500);
  } elsif ($number % 10 == 3) {
    symlink "../missing-$number", $path or die "$path: $!";
  } elsif ($number % 3 == 0) {
    write_file($path, "$path\n", int(rand(3000)));
  } else {
    mkdir $path or die "$path: $!";
    write_file("$path/file", "$path\n", int(rand(3000)));
  }
}

seed_with('noise', $version);
$noise = pack('N*', map { int(rand(4294967296)) } 1 .. 65536);
my (@all, @kinds, $previous);
for my $number (0 .. $paths - 1) {
  my $changed = $number % $one_in == $one_in - 1;
  next if $only_changed && !$changed;
  my $path = store_path("tiny-$number", $changed ? $version : 'same');
  make_path($path, $number);
  # What stays the same cannot refer to what changes.
  registration($path, !$changed && $previous && $number % 4 == 1 ? $previous : ());
  $previous = $changed ? undef : $path;
  push @{$kinds[$number % $one_in]}, $path;
}
for my $kind (grep { $_ } @kinds) {
  while (my @bundled = splice @$kind, 0, 50) {
    my $bundle = store_path('bundle', "@bundled");
    mkdir $bundle or die "$bundle: $!";
    write_file("$bundle/list", "@bundled\n", 0);
    registration($bundle, @bundled);
    push @all, $bundle;
  }
}
if ($large_mib && !$only_changed) {
  my ($large, $tree) = (store_path('large', 'same'), store_path('tree', 'same'));
  write_file($large, '', $large_mib * 1048576);
  make_tree($tree, $tree_files, 2500);
  registration($_) for $large, $tree;
  push @all, $large, $tree;
}
my $environment = store_path('environment', $version);
mkdir $_ or die "$_: $!" for $environment, "$environment/bin";
symlink '/usr/bin/nix-store', "$environment/bin/nix-store" or die $!;
write_file("$environment/manifest", "$version\n", 0);
registration($environment, @all);
