# What a bare x86-64 machine executes at power on, to run routines on a processor that this one is not: the last 4 KB of its
# ROM, linked at 0xfffff000. BareMachine puts a program before it and says at "program" where it is. It is copied to 1 MB:
#
#   0   u64  routines to call
#   8   u64  address and
#   16  u64  bytes of what is written out afterwards
#   24  u64  here: the registers in use (XINUSE) after the last routine
#   32       for each routine its address and that of its arguments, u64 each
#
# Writes the bytes out to port 0xe9, which the emulator prints, as hexadecimal digits between angle brackets. A routine that
# changes a register that belongs to its caller ends it before that.

        .set    SEGMENT, 0xffff0000
        .set    PROGRAM, 0x100000
        .set    PAGE_TABLES, 0x10000
        .set    STACK, 0x80000
        .set    CONSOLE, 0xe9

        .text
        .globl  _start
        .code16
_start:
        cli
        lgdtl   %cs:(descriptors_place - SEGMENT)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $protected

        .balign 8
descriptors:
        .quad   0
        .quad   0x00cf9b000000ffff      # 8: code of 32 bits
        .quad   0x00cf93000000ffff      # 16: data
        .quad   0x00af9b000000ffff      # 24: code of 64 bits
descriptors_place:
        .word   descriptors_place - descriptors - 1
        .long   descriptors

        .balign 8
program:
        .long   0, 0                    # address and bytes in the ROM

        .code32
protected:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK, %esp
        inb     $0x92, %al              # the twentieth address line
        orb     $2, %al
        andb    $0xfe, %al
        outb    %al, $0x92

        # Four gigabytes where they are, in pages of two megabytes.
        cld
        movl    $PAGE_TABLES, %edi
        xorl    %eax, %eax
        movl    $0x1800, %ecx
        rep stosl
        movl    $PAGE_TABLES + 0x1003, PAGE_TABLES
        movl    $PAGE_TABLES + 0x1000, %edi
        movl    $PAGE_TABLES + 0x2003, %eax
        movl    $4, %ecx
1:      movl    %eax, (%edi)
        addl    $0x1000, %eax
        addl    $8, %edi
        loop    1b
        movl    $PAGE_TABLES + 0x2000, %edi
        movl    $0x83, %eax
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    1b

        movl    $PAGE_TABLES, %eax
        movl    %eax, %cr3
        movl    $0x40620, %eax          # PAE, SSE, XSAVE
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       # long mode
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        andl    $0x9ffffff3, %eax       # caches on; no emulation, no task switched
        orl     $0x80000003, %eax
        movl    %eax, %cr0
        ljmpl   $24, $long

        .code64
long:
        xorl    %ecx, %ecx
        movl    $0x600e7, %eax          # all vector registers, tile shapes and tiles
        xorl    %edx, %edx
        xsetbv
        movl    program(%rip), %esi
        movl    program + 4(%rip), %ecx
        movl    $PROGRAM, %edi
        rep movsb

        movl    $PROGRAM, %r12d
        movq    (%r12), %r14
        leaq    32(%r12), %r13
1:      movl    $0x12345678, %ebx
        movl    $0x76543210, %ebp
        movq    8(%r13), %rdi
        call    *(%r13)
        cmpl    $0x12345678, %ebx
        jne     end
        cmpl    $0x76543210, %ebp
        jne     end
        cmpq    $STACK, %rsp
        jne     end
        addq    $16, %r13
        decq    %r14
        jnz     1b
        movl    $1, %ecx
        xgetbv
        movl    %eax, 24(%r12)

        movb    $'<', %al
        outb    %al, $CONSOLE
        movq    8(%r12), %rsi
        movq    16(%r12), %rcx
1:      lodsb
        movb    %al, %bl
        shrb    $4, %al
        call    digit
        movb    %bl, %al
        andb    $15, %al
        call    digit
        decq    %rcx
        jnz     1b
        movb    $'>', %al
        outb    %al, $CONSOLE
        movb    $10, %al
        outb    %al, $CONSOLE

end:    leaq    shutdown(%rip), %rsi
        movl    $8, %ecx
        movw    $0x8900, %dx            # where the emulator is told to end
        rep outsb
1:      hlt
        jmp     1b

digit:  addb    $'0', %al
        cmpb    $'9', %al
        jbe     1f
        addb    $'a' - '9' - 1, %al
1:      outb    %al, $CONSOLE
        ret

shutdown:
        .ascii  "Shutdown"

        .org    0xff0                   # where the processor begins
        .code16
        jmp     _start
        .org    0x1000
