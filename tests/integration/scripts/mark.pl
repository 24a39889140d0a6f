#!/usr/bin/perl
open(my $file, ">>", $ENV{GUARD_MARK}) or die;
print $file "ran\n";
close($file);
1;
