/* SPDX-License-Identifier: MIT
 *
 * helpers/tiny64.S - a program without any library that leaves its mark at the
 * default place: also runs as the loader of another program.
 */
	.globl _start
	.text
_start:
	mov $2, %eax           /* open */
	lea path(%rip), %rdi
	mov $0x441, %esi       /* O_WRONLY | O_CREAT | O_APPEND */
	mov $0x1b6, %edx
	syscall
	mov %eax, %edi
	mov $1, %eax           /* write */
	lea text(%rip), %rsi
	mov $4, %edx
	syscall
	mov $60, %eax          /* exit */
	xor %edi, %edi
	syscall
	.section .rodata
text:	.ascii "ran\n"
path:	.asciz MARK_DEFAULT
	.section .note.GNU-stack,"",@progbits
