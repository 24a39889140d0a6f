/* SPDX-License-Identifier: MIT
 *
 * bench/static_true.c - the smallest static program: exits 0.
 */
int main(void)
{
	return 0;
}
