# usage: store.pl FOLDER NUMBER FILES VERSION     fills a folder with files whose content depends on number and version
use strict;
use warnings;

my ($folder, $number, $files, $version) = @ARGV;
my $seed = $number;
$seed = ($seed * 31 + ord) % 2147483647 for split //, $version;
srand($seed + 1);
my $noise = pack('N*', map { int(rand(4294967296)) } 1 .. 65536);
my @sizes = (700, 900, 1200, 1500, 2000, 2500, 4000, 9000, 20000, 130000);
mkdir $folder or die "$folder: $!";
for my $file (0 .. $files - 1) {
  my $sub = sprintf '%s/%02d', $folder, int($file / 25);
  mkdir $sub if $file % 25 == 0;
  open my $out, '>', "$sub/$file" or die "$sub/$file: $!";
  my $size = $sizes[$file % @sizes];
  print $out "$number $file $version\n", substr($noise, int(rand(length($noise) - $size)), $size);
  close $out or die "$sub/$file: $!";
}
