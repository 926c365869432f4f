# What Doxygen reads of a header: each is a group, by which the reference shows it, and what is thrown
# is told as it is written, since Sphinx wants the name of one class.

FNR == 1 {
    group = FILENAME
    sub(/.*include\/gawait\//, "", group)
    sub(/\.hpp$/, "", group)
    gsub(/\//, "_", group)
}

# Of what another header has, and of what nobody calls.
/^(template <[^>]*> )?(class|struct) [a-z_]+;$/ || /^ *friend / { next }

# A member that is defined below its class is documented in that.
/^inline [a-z_]+::/ { print "/// @cond"; hidden = 1 }

/^} \/\/ namespace gawait/ { print "/// @}" }
{
    sub(/@throws/, "\n///\n/// **Throws**")
    print
}
hidden && /^}/ { print "/// @endcond"; hidden = 0 }
/^namespace gawait.*\{$/ { print "/** @addtogroup " group "\n@{ */" }
