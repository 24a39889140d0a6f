/* SPDX-License-Identifier: MIT
 *
 * helpers/tiny32.S - a 32-bit program without any library: leaves its mark at
 * the path in argv[1].
 */
	.globl _start
	.text
_start:
	mov 8(%esp), %ebx      /* argv[1] */
	mov $5, %eax           /* open */
	mov $0x441, %ecx       /* O_WRONLY | O_CREAT | O_APPEND */
	mov $0x1b6, %edx
	int $0x80
	mov %eax, %ebx
	mov $4, %eax           /* write */
	mov $text, %ecx
	mov $4, %edx
	int $0x80
	mov $1, %eax           /* exit */
	xor %ebx, %ebx
	int $0x80
	.data
text:	.ascii "ran\n"
	.section .note.GNU-stack,"",@progbits
