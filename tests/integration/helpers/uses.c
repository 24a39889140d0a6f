/* SPDX-License-Identifier: MIT
 *
 * helpers/uses.c - a listed program that needs a library of its own, found by
 * RUNPATH beside it, so that another library can be slipped under its name.
 */
int gift(void);

int main(void)
{
	return gift();
}
